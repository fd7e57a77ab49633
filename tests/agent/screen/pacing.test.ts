import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrawnUpdates, TileCost } from '../../../agent/screen/pacing.ts';

describe('the cost of a tile', () => {
  it('lets nothing go without room; with room it fills it, and passes it by less than one tile as estimated', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30_000 }), fc.array(fc.integer({ min: 1, max: 20_000 })), (room, costs) => {
        const cost = new TileCost(1_000);
        let mean = 1_000;
        for (const bytes of costs) {
          cost.learn(bytes * 4, 4);
          mean = Math.max(512, bytes, 0.75 * mean + 0.25 * bytes);
        }
        const count = cost.filling(room);
        expect(count * mean).toBeGreaterThanOrEqual(room);
        expect((count - 1) * mean).toBeLessThan(room);
      }),
    );
    expect(new TileCost(1_000).filling(0)).toBe(0);
    expect(new TileCost(1_000).filling(10_000_000)).toBe(64);
  });

  it('believes dearer tiles at once and cheaper ones slowly', () => {
    const cost = new TileCost(1_000);
    expect(cost.filling(50_000)).toBe(50);
    cost.learn(100_000, 10);
    expect(cost.filling(50_000)).toBe(5);
    cost.learn(1_000, 10);
    expect(cost.filling(50_000)).toBe(7);
  });

  it('lets one tile go, however dear tiles were and however narrow the line', () => {
    const cost = new TileCost(1_000);
    cost.learn(900_000, 1);
    expect(cost.filling(5)).toBe(1);
  });
});

describe('updates on their way to the canvas', () => {
  it('are full at two received and not drawn, however many are on the path', () => {
    const updates = new DrawnUpdates();
    for (const last of [3, 7, 8, 20]) updates.sent(last);
    expect(updates.full).toBe(false);
    updates.acked(6, 0);
    expect(updates.full).toBe(false);
    updates.acked(7, 0);
    expect(updates.full).toBe(true);
    updates.acked(7, 1);
    expect(updates.full).toBe(false);
    updates.acked(19, 1);
    expect(updates.full).toBe(true);
    updates.acked(20, 3);
    expect(updates.full).toBe(false);
  });

  it('gain nothing from a client that claims more than it received', () => {
    const updates = new DrawnUpdates();
    for (const last of [1, 2, 3]) updates.sent(last);
    updates.acked(1, 4_000_000_000);
    updates.acked(3, 1);
    expect(updates.full).toBe(true);
  });
});
