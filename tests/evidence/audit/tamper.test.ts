import { describe, expect, it } from 'vitest';
import { KINDS, type LogLine, mutate, picker } from '#evidence/audit/mutations.ts';
import { type Tampering, tamperProof } from '#evidence/audit/tamper.ts';

const PROCESSES = ['gateway', 'broker', 'agent'] as const;

function good(): Tampering {
  const command = {
    intact: { code: 0, said: 'intact' },
    edited: { code: 1, said: 'CHANGED' },
    cut: { code: 1, said: 'CHANGED' },
    cutWithoutAnchor: { code: 0, said: 'intact\ntail not provable' },
  };
  const logs = PROCESSES.map((process) => ({
    ...{ process, files: 3, events: 40, intact: true, anchored: 30 as number | null, signedUpTo: 39 as number | null },
    tried: Array.from({ length: 102 }, (_, i) => ({ kind: KINDS[i % KINDS.length] ?? 'edit', found: true })),
  }));
  return { logs, command };
}

const judged = (change: (seen: Tampering) => void) => {
  const seen = good();
  change(seen);
  return tamperProof.judge(seen);
};

describe('the proof that tampering is found (G3)', () => {
  it('passes when every change was found and the copies were sound before', () => {
    expect(judged(() => {})).toMatchObject({
      result: 'pass',
      seen: { en: expect.stringMatching(/^All of 306 changes/) },
    });
  });

  it.each<[string, (seen: Tampering) => void]>([
    ['one change that was not found', ({ logs }) => Object.assign(logs[1]?.tried[50] ?? {}, { found: false })],
    ['a log that did not verify before it was changed', ({ logs }) => Object.assign(logs[0] ?? {}, { intact: false })],
    ['a log that nothing anchored', ({ logs }) => Object.assign(logs[2] ?? {}, { anchored: null })],
    ['a log that is not signed', ({ logs }) => Object.assign(logs[2] ?? {}, { signedUpTo: null })],
    [
      'a log that is signed less far than it is anchored',
      ({ logs }) => Object.assign(logs[2] ?? {}, { signedUpTo: 12 }),
    ],
    ['too few changes', ({ logs }) => logs[0]?.tried.splice(50)],
    [
      'a kind of change that was not tried',
      ({ logs }) => Object.assign(logs[0] ?? {}, { tried: logs[0]?.tried.map((one) => ({ ...one, kind: 'cut' })) }),
    ],
    ['a log that is missing', ({ logs }) => logs.pop()],
    ['a command that refuses a good log', ({ command }) => Object.assign(command.intact, { code: 1 })],
    ['a command that takes an edited log', ({ command }) => Object.assign(command.edited, { code: 0 })],
    ['a command that takes a cut log', ({ command }) => Object.assign(command.cut, { code: 0 })],
    [
      'a command that claims the tail without an anchor',
      ({ command }) => Object.assign(command.cutWithoutAnchor, { said: 'intact' }),
    ],
  ])('fails for %s', (_, change) => {
    expect(judged(change).result).toBe('fail');
  });
});

describe('a random change', () => {
  const lines: LogLine[] = Array.from({ length: 12 }, (_, i) => ({
    file: i < 6 ? 'a' : 'b',
    text: JSON.stringify({ sequence: i + 1, time: '2026', previous: 'p', digest: 'd' }),
  }));
  /** As the files hold them. */
  const texts = (some: readonly LogLine[]) =>
    ['a', 'b'].flatMap((name) => some.filter(({ file }) => file === name)).map(({ text }) => text);

  it.each(KINDS)('of the kind %s is always one, and stays in front of what is anchored', (kind) => {
    const pick = picker(kind);
    for (let i = 0; i < 200; i++) {
      const changed = texts(mutate(lines, kind, 10, pick));
      expect(changed).not.toEqual(texts(lines));
      expect(changed.join('')).not.toContain('\n');
      if (kind === 'edit' || kind === 'delete' || kind === 'insert')
        expect(changed.slice(-2)).toEqual(texts(lines).slice(-2));
    }
  });

  it('is the same for the same seed', () => {
    const some = (seed: string) => {
      const pick = picker(seed);
      return Array.from({ length: 50 }, () => pick(1000));
    };
    expect(some('x')).toEqual(some('x'));
    expect(some('x')).not.toEqual(some('y'));
  });
});
