import { describe, expect, it } from 'vitest';
import { kilobitsPerSecond } from '#web/app/desktop/quality.ts';

describe('the rate', () => {
  it('is that of the samples’ whole time', () => {
    const samples = [
      { at: 1_000, bytes: 500 },
      { at: 2_000, bytes: 500 },
      { at: 3_000, bytes: 250_500 },
    ];
    expect(kilobitsPerSecond(samples)).toBe(1_000);
  });

  it.each([
    [[]],
    [[{ at: 5, bytes: 9 }]],
    [
      [
        { at: 5, bytes: 9 },
        { at: 5, bytes: 99 },
      ],
    ],
  ])('of %j is not known', (samples) => {
    expect(kilobitsPerSecond(samples)).toBe(0);
  });
});
