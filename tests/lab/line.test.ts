import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Line } from '../../lab/line.ts';

const MBPS_10 = 1_250_000;

/** Looks every `stepMs` until everything came. @returns item → when it was seen */
function drain(line: Line<number>, from: number, stepMs: number): Map<number, number> {
  const seen = new Map<number, number>();
  for (let now = from; line.heldBytes > 0; now += stepMs) for (const item of line.take(now)) seen.set(item, now);
  return seen;
}

describe('a line', () => {
  it('delays by the delay alone while it has nothing else to do', () => {
    const line = new Line<string>({ bytesPerSecond: Number.POSITIVE_INFINITY, delayMs: 20 });
    line.push('a', 1000, 5);
    expect(line.take(24.9)).toEqual([]);
    expect(line.nextAt).toBe(25);
    expect(line.take(25)).toEqual(['a']);
    expect([line.nextAt, line.heldBytes]).toEqual([null, 0]);
  });

  it('passes its rate and not more, however late one looks', () => {
    const line = new Line<number>({ bytesPerSecond: MBPS_10, delayMs: 10 });
    for (let i = 0; i < 100; i++) line.push(i, 1_250, 0);
    const seen = drain(line, 0, 0.7);
    expect(seen.get(0)).toBeCloseTo(11, -0.5);
    // 100 pieces of 1 ms; the looking adds one step, once
    expect(seen.get(99)).toBeGreaterThanOrEqual(110);
    expect(seen.get(99)).toBeLessThanOrEqual(110 + 0.7);
  });

  it('gives no credit for the time in which it was idle', () => {
    const line = new Line<number>({ bytesPerSecond: MBPS_10, delayMs: 0 });
    line.push(0, 1_250, 1_000);
    line.push(1, 1_250, 1_000);
    expect(line.take(1_001)).toEqual([0]);
    expect(line.take(1_002)).toEqual([1]);
  });

  it('is full with 5 ms of its rate, and holds everything while it is stalled', () => {
    const line = new Line<number>({ bytesPerSecond: MBPS_10, delayMs: 0 });
    for (let i = 0; i < 4; i++) line.push(i, 1_250, 0);
    expect(line.full).toBe(false);
    line.push(4, 1_250, 0);
    expect(line.full).toBe(true);
    line.reshape({ bytesPerSecond: 0, delayMs: 0 }, 0.5);
    expect(line.take(1_000)).toEqual([0]);
    expect([line.nextAt, line.heldBytes, line.full]).toEqual([null, 5_000, true]);
    line.reshape({ bytesPerSecond: 10 * MBPS_10, delayMs: 0 }, 1_000);
    expect(line.take(1_000.5)).toEqual([1, 2, 3, 4]);
    expect(line.full).toBe(false);
  });

  it('loses nothing and overtakes nothing, whatever its shape becomes', () => {
    const step = fc.record({
      wait: fc.nat(30),
      push: fc.nat(5_000),
      rate: fc.constantFrom(0, 1_000, MBPS_10, Number.POSITIVE_INFINITY),
      delayMs: fc.nat(50),
      reshape: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const line = new Line<number>({ bytesPerSecond: MBPS_10, delayMs: 10 });
        const out: number[] = [];
        let now = 0;
        for (const [i, { wait, push, rate, delayMs, reshape }] of steps.entries()) {
          now += wait;
          if (reshape) line.reshape({ bytesPerSecond: rate, delayMs }, now);
          line.push(i, push, now);
          out.push(...line.take(now));
        }
        line.reshape({ bytesPerSecond: Number.POSITIVE_INFINITY, delayMs: 0 }, now);
        out.push(...line.take(now + 1e9));
        expect(out).toEqual(steps.map((_, i) => i));
        expect(line.heldBytes).toBe(0);
      }),
    );
  });
});
