import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KINDS, type LogLine, mutate, picker } from '#evidence/audit/mutations.ts';

/** Two files of a log, as many lines each. */
const LOG: LogLine[] = ['a', 'b'].flatMap((file) =>
  [1, 2, 3].map((n) => ({ file, text: JSON.stringify({ sequence: n, time: file, digest: 'x' }) })),
);

/** What lies in each file afterwards. */
const filesOf = (lines: readonly LogLine[]) =>
  ['a', 'b'].map((file) => lines.filter((line) => line.file === file).map(({ text }) => text));

describe('a mutation of a log', () => {
  it.each(KINDS)('by %s changes what lies in the files, whatever is picked', (kind) => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        expect(filesOf(mutate(LOG, kind, LOG.length, picker(seed)))).not.toEqual(filesOf(LOG));
      }),
    );
  });

  it('is the same for the same seed', () => {
    for (const kind of KINDS) {
      expect(mutate(LOG, kind, 4, picker('seed'))).toEqual(mutate(LOG, kind, 4, picker('seed')));
    }
  });
});
