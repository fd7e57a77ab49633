import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crowd } from '#platform/hop/crowd.ts';
import { Turns } from '#platform/hop/turns.ts';

interface One {
  network: string;
  number: number;
}

const NETWORKS = ['a', 'b', 'c', 'd'];
const arrivals = fc.array(fc.constantFrom(...NETWORKS), { maxLength: 200 });
const numbered = (networks: readonly string[]): One[] => networks.map((network, number) => ({ network, number }));

describe('a crowd (T25)', () => {
  it('gives up the oldest of the network that has the most', () => {
    const crowd = new Crowd<One>(3);
    const [first, other, second, third] = numbered(['a', 'b', 'a', 'a']) as [One, One, One, One];
    expect([first, other, second].map((one) => crowd.add(one))).toEqual([null, null, null]);
    expect(crowd.add(third)).toBe(first);
    expect([crowd.size, crowd.of('a'), crowd.of('b')]).toEqual([3, 2, 1]);
  });

  it('is never larger than it may be, and never costs a network its only one while another has two', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: NETWORKS.length, max: 20 }), (networks, max) => {
        const crowd = new Crowd<One>(max);
        for (const one of numbered(networks)) {
          const gone = crowd.add(one);
          expect(crowd.size).toBeLessThanOrEqual(max);
          if (gone) expect(crowd.of(gone.network)).toBeGreaterThanOrEqual(1);
        }
        const sum = NETWORKS.reduce((all, network) => all + crowd.of(network), 0);
        expect(sum).toBe(crowd.size);
      }),
    );
  });

  it('forgets who leaves, once, and who was never there', () => {
    const crowd = new Crowd<One>(2);
    const [one] = numbered(['a']) as [One];
    crowd.add(one);
    crowd.delete(one);
    crowd.delete(one);
    expect(crowd.size).toBe(0);
    expect(crowd.of('a')).toBe(0);
  });
});

describe('turns (T25)', () => {
  it('go from network to network, first come first within one', () => {
    const turns = new Turns<One>();
    for (const one of numbered(['a', 'a', 'a', 'b', 'c', 'b'])) turns.add(one);
    const order = Array.from({ length: 7 }, () => turns.next()?.number ?? null);
    expect(order).toEqual([0, 3, 4, 1, 5, 2, null]);
  });

  it('come to everybody who still waits, once, and a newcomer from elsewhere after at most one of each network', () => {
    fc.assert(
      fc.property(arrivals, fc.nat(), (networks, seed) => {
        const turns = new Turns<One>();
        const all = numbered(networks);
        for (const one of all) turns.add(one);
        const left = all.filter(({ number }) => (number + seed) % 3 === 0);
        for (const one of left) turns.delete(one);
        turns.add({ network: 'new', number: -1 });
        const served: One[] = [];
        for (let one = turns.next(); one; one = turns.next()) served.push(one);
        expect(served.length).toBe(all.length - left.length + 1);
        expect(new Set(served).size).toBe(served.length);
        expect(served.findIndex(({ network }) => network === 'new')).toBeLessThanOrEqual(NETWORKS.length);
        expect(turns.size).toBe(0);
      }),
    );
  });
});
