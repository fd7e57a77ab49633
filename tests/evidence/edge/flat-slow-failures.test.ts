import { describe, expect, it } from 'vitest';
import { type Failures, judgeFailures } from '#evidence/edge/failures.ts';
import { type Flat, judgeFlat, type Round } from '#evidence/edge/flat.ts';
import { judgeMalformed, type MalformedSeen } from '#evidence/edge/malformed.ts';
import { judgeSlowReaders, type SlowReaders } from '#evidence/edge/slow-reader.ts';
import { but, KEYS, MEMORY } from './good.ts';

const rounds = (): Round[] => [100, 102, 99].map((files, i) => ({ opened: 40, files: files + 100, rssMiB: 90 + i }));
const FLAT: Flat = { rounds: { gateway: rounds(), broker: rounds() } };

const SLOW: SlowReaders = {
  ...{ idle: KEYS, keys: KEYS, flowedBytes: 60 * 2 ** 20, backlogBytes: [40_000], sessionsLost: 0 },
  memory: { gateway: MEMORY, broker: MEMORY, agents: MEMORY },
};

const FAILURES: Failures = {
  wrong: Array(5).fill('SIGN_IN_REFUSED'),
  ...{ right: 'SIGN_IN_LATER', ofAnother: 'in', rightAfterRestart: 'SIGN_IN_LATER' },
};

const MALFORMED: MalformedSeen = {
  parsers: { tried: 1_000_000, refused: 995_000, accepted: 5_000, faults: [], heap: Array(10).fill(23_000_000) },
  live: { codes: { PROTOCOL_ERROR: 44 }, longestMs: 80, stillOpen: 0 },
  memory: MEMORY,
};

type Case<T> = [what: string, spoil: (seen: T) => void];

describe('the judge of the short soak', () => {
  const bad: Case<Flat>[] = [
    [
      'files that stay open',
      ({ rounds: { gateway } }) => {
        gateway[2] = { opened: 40, files: 240, rssMiB: 93 };
      },
    ],
    [
      'memory that climbs',
      ({ rounds: { broker } }) => {
        broker[2] = { opened: 40, files: 200, rssMiB: 190 };
      },
    ],
    [
      'files that could not be counted',
      ({ rounds: { gateway } }) => {
        for (const one of gateway) one.files = -1;
      },
    ],
    [
      'a round in which not all got in',
      ({ rounds: { broker } }) => {
        broker[1] = { ...rounds()[1], opened: 30 } as Round;
      },
    ],
    [
      'a round too few',
      ({ rounds: { gateway } }) => {
        gateway.pop();
      },
    ],
  ];
  it('passes what a healthy system shows', () => expect(judgeFlat(FLAT).result).toBe('pass'));
  it.each(bad)('fails %s', (_, spoil) => expect(judgeFlat(but(FLAT, spoil)).result).toBe('fail'));
});

describe('the judge of slow readers', () => {
  const bad: Case<SlowReaders>[] = [
    [
      'a relay that keeps what nobody reads',
      ({ memory }) => {
        memory.gateway.mostMiB = 300;
      },
    ],
    [
      'agents that do',
      ({ memory }) => {
        memory.agents.mostMiB = 300;
      },
    ],
    [
      'a picture that stood still anyway',
      (seen) => {
        seen.flowedBytes = 1_000;
      },
    ],
    [
      'keys beside them that came late',
      ({ keys }) => {
        keys.p95Ms = 900;
      },
    ],
    [
      'more on its way than any window holds',
      (seen) => {
        seen.backlogBytes = [40 * 2 ** 20];
      },
    ],
    [
      'a session that was lost',
      (seen) => {
        seen.sessionsLost = 1;
      },
    ],
  ];
  it('passes what a healthy system shows', () => expect(judgeSlowReaders(SLOW).result).toBe('pass'));
  it.each(bad)('fails %s', (_, spoil) => expect(judgeSlowReaders(but(SLOW, spoil)).result).toBe('fail'));
});

describe('the judge of failures in a row', () => {
  const bad: Case<Failures>[] = [
    [
      'a right code that counts after five wrong ones',
      (seen) => {
        seen.right = 'in';
      },
    ],
    [
      'a right code that is only refused',
      (seen) => {
        seen.right = 'SIGN_IN_REFUSED';
      },
    ],
    [
      'a restart that helps',
      (seen) => {
        seen.rightAfterRestart = 'in';
      },
    ],
    [
      'a wrong code that counts',
      (seen) => {
        seen.wrong.pop();
      },
    ],
    [
      'right codes that never count',
      (seen) => {
        seen.ofAnother = 'SIGN_IN_REFUSED';
      },
    ],
  ];
  it('passes what a healthy system shows', () => expect(judgeFailures(FAILURES).result).toBe('pass'));
  it.each(bad)('fails %s', (_, spoil) => expect(judgeFailures(but(FAILURES, spoil)).result).toBe('fail'));
});

describe('the judge of malformed input', () => {
  const bad: Case<MalformedSeen>[] = [
    [
      'too few',
      ({ parsers }) => {
        Object.assign(parsers, { tried: 1_000, refused: 995, accepted: 5 });
      },
    ],
    [
      'parsers that accept what comes',
      ({ parsers }) => {
        Object.assign(parsers, { refused: 5_000, accepted: 995_000 });
      },
    ],
    [
      'some that ended neither way',
      ({ parsers }) => {
        parsers.refused = 900_000;
      },
    ],
    [
      'a parser that breaks',
      ({ parsers }) => {
        parsers.faults.push('TypeError: undefined');
      },
    ],
    [
      'a heap that grows',
      ({ parsers }) => {
        parsers.heap[9] = 40_000_000;
      },
    ],
    [
      'a heap that nobody looked at',
      ({ parsers }) => {
        parsers.heap = [];
      },
    ],
    [
      'a gateway that lets junk stay',
      ({ live }) => Object.assign(live, { codes: { PROTOCOL_ERROR: 20 }, stillOpen: 24 }),
    ],
    [
      'a gateway that calls it something else',
      ({ live }) => {
        live.codes = { CONNECTION_LOST: 44 };
      },
    ],
    [
      'a gateway that takes its time',
      ({ live }) => {
        live.longestMs = 10_000;
      },
    ],
    [
      'a gateway whose memory grew',
      ({ memory }) => {
        memory.mostMiB = 400;
      },
    ],
  ];
  it('passes what a healthy system shows', () => expect(judgeMalformed(MALFORMED).result).toBe('pass'));
  it.each(bad)('fails %s', (_, spoil) => expect(judgeMalformed(but(MALFORMED, spoil)).result).toBe('fail'));
});
