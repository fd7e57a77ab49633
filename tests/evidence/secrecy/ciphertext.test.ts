import { describe, expect, it } from 'vitest';
import { judgeCiphertext, judgeRecording, type Searched } from '#evidence/secrecy/ciphertext.ts';
import { CONTROL, type Found, type Haystack, SECRETS } from '#evidence/secrecy/haystacks.ts';

const MANY = 50 * 1024 * 1024;
const found = (changes: Partial<Found> = {}): Found => ({
  ...{ 'traffic key': 0, 'shared secret': 0, 'known record': 0, 'lossless tile': 0, pixels: 0, [CONTROL]: 1 },
  ...changes,
});
const everything = found({ 'traffic key': 4, 'shared secret': 2, 'known record': 8, 'lossless tile': 8, pixels: 8 });
const hay = (
  place: string,
  what: Haystack['what'],
  when: Haystack['when'] = 'after',
  changes: Partial<Found> = {},
): Haystack => ({ place, what, when, bytes: MANY, found: found(changes) });

const HOPS = ['client – gateway', 'gateway – broker', 'agent – broker'];
const GOOD: Searched = {
  secrets: SECRETS.flatMap((kind) => [1, 2].map((i) => ({ kind, bytes: 32, sha256: `${i}` }))),
  haystacks: [
    ...['gateway', 'broker'].flatMap((place) => [
      hay(place, 'memory', 'live'),
      hay(place, 'memory', 'after'),
      hay(place, 'files'),
    ]),
    { ...hay('agent', 'memory', 'live'), found: everything },
    hay('agent', 'files'),
    ...HOPS.map((hop) => hay(hop, 'capture', 'live', { [CONTROL]: 0 })),
    ...(['memory', 'files', 'capture'] as const).map((what) => ({ ...hay('seeing relay', what), found: everything })),
  ],
  capture: { packets: 1_000, dropped: 0 },
  receivedBytes: 200_000,
  typed: 24,
  arrived: 24,
  readByRelay: 300,
};

/** The observations with what was seen in some haystacks changed. */
const where = (fits: (one: Haystack) => boolean, change: (one: Haystack) => Haystack | null): Searched => ({
  ...GOOD,
  haystacks: GOOD.haystacks.flatMap((one) => (fits(one) ? (change(one) ?? []) : one)),
});
const holds = (kind: keyof Found, count: number) => (one: Haystack) => ({
  ...one,
  found: { ...one.found, [kind]: count },
});
const at =
  (place: string, what: Haystack['what'], when?: Haystack['when']) =>
  (one: Haystack): boolean =>
    one.place === place && one.what === what && (!when || one.when === when);

describe('"only ciphertext in the middle" is judged', () => {
  it('passed when nothing is in the middle and the searches see', () => {
    expect(judgeCiphertext(GOOD).result).toBe('pass');
  });

  const leaks = GOOD.haystacks.filter(({ place }) => ['gateway', 'broker', ...HOPS].includes(place));
  const cases = leaks.flatMap((leak) => SECRETS.map((kind) => [kind, leak.what, leak.place, leak.when, leak] as const));
  it.each(cases)('failed for one %s in the %s of %s (%s)', (kind, _what, _place, _when, leak) => {
    expect(judgeCiphertext(where((one) => one === leak, holds(kind, 1))).result).toBe('fail');
  });

  it.each<[string, Searched]>([
    ['the agent’s keys are not found at the agent', where(at('agent', 'memory'), holds('traffic key', 0))],
    ['the pixels are not found at the agent', where(at('agent', 'memory'), holds('pixels', 0))],
    ['the keys are not found at a relay that has them', where(at('seeing relay', 'memory'), holds('traffic key', 0))],
    [
      'shared secrets are not found at a relay that has them',
      where(at('seeing relay', 'memory'), holds('shared secret', 0)),
    ],
    [
      'plaintext is not found in the memory of a relay that sees it',
      where(at('seeing relay', 'memory'), holds('known record', 0)),
    ],
    [
      'plaintext is not found in the files of a relay that keeps it',
      where(at('seeing relay', 'files'), holds('lossless tile', 0)),
    ],
    [
      'plaintext is not found in a capture of plaintext',
      where(at('seeing relay', 'capture'), holds('known record', 0)),
    ],
    [
      'the relay that sees was not searched',
      where(
        (one) => one.place === 'seeing relay',
        () => null,
      ),
    ],
    ['the gateway’s memory was not searched live', where(at('gateway', 'memory', 'live'), () => null)],
    ['the broker’s memory was not searched afterwards', where(at('broker', 'memory', 'after'), () => null)],
    ['next to nothing of a memory was read', where(at('broker', 'memory', 'live'), (one) => ({ ...one, bytes: 4096 }))],
    ['not even the session’s id is in a memory', where(at('gateway', 'memory', 'live'), holds(CONTROL, 0))],
    ['nor in the broker’s files', where(at('broker', 'files'), holds(CONTROL, 0))],
    ['a capture lacks bytes', where(at('agent – broker', 'capture'), (one) => ({ ...one, bytes: 100 }))],
    ['a hop was not captured', where(at('gateway – broker', 'capture'), () => null)],
    ['the capture dropped packets', { ...GOOD, capture: { packets: 1_000, dropped: 1 } }],
    ['no session was at work', { ...GOOD, arrived: 0 }],
    ['no tiles were known', { ...GOOD, secrets: GOOD.secrets.filter(({ kind }) => kind !== 'lossless tile') }],
    ['no keys were known', { ...GOOD, secrets: GOOD.secrets.filter(({ kind }) => kind !== 'traffic key') }],
  ])('failed when %s', (_, seen) => {
    expect(judgeCiphertext(seen).result).toBe('fail');
  });
});

describe('"no recording" is judged', () => {
  it('passed when no file of the three holds anything of the screen', () => {
    expect(judgeRecording(GOOD).result).toBe('pass');
  });

  it.each(['gateway', 'broker', 'agent'])('failed for a tile, a pixel or a key in a file of the %s', (place) => {
    for (const kind of SECRETS) expect(judgeRecording(where(at(place, 'files'), holds(kind, 1))).result).toBe('fail');
  });

  it.each<[string, Searched]>([
    ['the agent’s files were not searched', where(at('agent', 'files'), () => null)],
    ['the search saw nothing at all', where(at('agent', 'files'), holds(CONTROL, 0))],
    ['a file with the screen in it was not found out', where(at('seeing relay', 'files'), holds('lossless tile', 0))],
  ])('failed when %s', (_, seen) => {
    expect(judgeRecording(seen).result).toBe('fail');
  });
});
