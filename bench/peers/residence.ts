// How long a record stays in a relay: from being read to the kernel having taken it and all before it.
import type { Outlet } from '#platform/hop/pump.ts';

/** A sample that was pushed aside, by the pump waiting at the same place, is given up after this. */
const LOST_AFTER_MS = 100;

/** Samples one record at a time, so that watching costs next to nothing. */
export class Residence {
  readonly taken: number[] = [];
  readonly #now: () => number;
  #began: number | null = null;

  /** @param now a monotonic clock in ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Call as a record is forwarded to `to`, before its pump looks at the pressure. */
  begin(to: Outlet): void {
    const began = this.#now();
    if (this.#began !== null && began - this.#began < LOST_AFTER_MS) return;
    this.#began = began;
    to.onceBelow(1, () => {
      if (this.#began !== began) return;
      this.#began = null;
      this.taken.push(this.#now() - began);
    });
  }
}
