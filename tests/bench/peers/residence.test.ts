import { describe, expect, it } from 'vitest';
import { Residence } from '#bench/peers/residence.ts';
import type { Outlet } from '#platform/hop/pump.ts';

/** An outlet whose bytes the kernel takes when the test says so; like a Socket it has one place for a waiter. */
function slowOutlet() {
  let waiter: (() => void) | null = null;
  const outlet: Outlet = {
    pressure: 1,
    sendRecord() {},
    close() {},
    onceBelow(_bytes, then) {
      waiter = then;
    },
  };
  return { outlet, taken: () => waiter?.() };
}

describe('the residence of records in a relay', () => {
  it('lasts from the record until the kernel has taken it, one sample at a time', () => {
    let now = 0;
    const residence = new Residence(() => now);
    const { outlet, taken } = slowOutlet();
    residence.begin(outlet);
    now = 2;
    residence.begin(outlet); // while the first is under way: no sample
    now = 5;
    taken();
    residence.begin(outlet);
    now = 6;
    taken();
    expect(residence.taken).toEqual([5, 1]);
  });

  it('goes on after a sample whose place the pump has taken', () => {
    let now = 0;
    const residence = new Residence(() => now);
    const { outlet, taken } = slowOutlet();
    residence.begin(outlet);
    outlet.onceBelow(1, () => {}); // the pump, which holds the reading
    taken();
    now = 500;
    residence.begin(outlet);
    now = 501;
    taken();
    expect(residence.taken).toEqual([1]);
  });
});
