import { describe, expect, it } from 'vitest';
import { comeBack } from '#bench/load/returning.ts';

/** @param succeedsAt number of the first try that succeeds */
async function returning(succeedsAt: number, random: number) {
  const waits: number[] = [];
  let tries = 0;
  let now = 0;
  const back = await comeBack({
    async open() {
      if (++tries < succeedsAt) throw new Error(`try ${tries}`);
    },
    explained: (error) => String(error),
    random: () => random,
    async wait(ms) {
      waits.push(ms);
      now += ms;
    },
    now: () => now,
  });
  return { waits, back };
}

describe('a person whose session was lost', () => {
  it('waits before the first try, longer after each that fails, and never longer than 4 s', async () => {
    const { waits, back } = await returning(5, 1 - 1e-9);
    expect(waits).toEqual([1_000, 2_000, 4_000, 4_000, 4_000]);
    expect(back).toEqual({
      ...{ ms: 15_000, tries: 5 },
      failures: ['Error: try 1', 'Error: try 2', 'Error: try 3', 'Error: try 4'],
    });
  });

  it('gives up in the end', async () => {
    expect((await returning(9, 0)).back).toBeNull();
  });
});
