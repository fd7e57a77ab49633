// Counts what each municipality uses and writes it to the state every second. What a killed broker had not written
// yet is lost: at most FLUSH_INTERVAL_MS of traffic and time, in the municipality's favour; nothing counts twice. A host that
// loses its power may lose DISK_INTERVAL_MS: waiting for the disk stops every session of this process, so it is rare.
//
// A byte belongs to the month in which the interval that it was sent in began. The state cannot be written: sessions go
// on, the totals wait in memory, and the operators' log and a metric say so. Billing is no reason to cut anybody.
import type { Log } from '#platform/process/log.ts';
import type { Store } from '#platform/state/store.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import { monthOf, noUsage, type Usage, usageKey } from './usage.ts';

export const FLUSH_INTERVAL_MS = 1_000;
export const DISK_INTERVAL_MS = 60_000;

export interface MeteringParts {
  store: Store;
  /** Names this run of this process among all that write into the store; never used again. */
  life: string;
  log: Pick<Log, 'error' | 'warn'>;
  clock: { monotonic(): number; wall(): number };
}

export class Metering {
  readonly #parts: MeteringParts;
  /** Of this life: month → municipality → totals. Kept, since a wall clock that is set back returns to a month. */
  readonly #months = new Map<string, Map<string, Usage>>();
  /** Sessions in use. */
  readonly #live = new Map<string, number>();
  /** Months whose totals are newer than the state's. */
  readonly #dirty = new Set<string>();
  #month: string;
  /** Of this month; looked up for each record. */
  #used = new Map<string, Usage>();
  #changed = false;
  /** Until when session time has been counted. */
  #countedTo: number;
  #failedAt: number | null = null;
  /** When the disk was waited for. */
  #onDiskAt: number;
  /** Writes one after the other: an older total must not overtake a newer one. */
  #written: Promise<void> = Promise.resolve();

  constructor(parts: MeteringParts) {
    this.#parts = parts;
    this.#month = monthOf(parts.clock.wall());
    this.#months.set(this.#month, this.#used);
    this.#countedTo = parts.clock.monotonic();
    this.#onDiskAt = this.#countedTo;
  }

  /** A session of the municipality has been paired. */
  begin(municipality: string): void {
    this.#countTime();
    this.#live.set(municipality, (this.#live.get(municipality) ?? 0) + 1);
    this.#usage(municipality).sessions++;
  }

  /** It has ended; once for each begin. */
  end(municipality: string): void {
    this.#countTime();
    const left = (this.#live.get(municipality) ?? 0) - 1;
    if (left > 0) this.#live.set(municipality, left);
    else this.#live.delete(municipality);
  }

  /** A record has gone out. */
  sent(municipality: string, direction: Direction, payloadBytes: number, wireBytes: number): void {
    const usage = this.#usage(municipality);
    const traffic = direction === Direction.inward ? usage.inward : usage.outward;
    traffic.payloadBytes += payloadBytes;
    traffic.wireBytes += wireBytes;
  }

  /** @returns writes what is left and stops */
  start(): () => Promise<void> {
    const timer = setInterval(() => void this.write(), FLUSH_INTERVAL_MS).unref();
    return () => {
      clearInterval(timer);
      return this.flush();
    };
  }

  /**
   * Everything up to now is in the state when it resolves, unless that cannot be written; it never rejects. A crash of the
   * process takes nothing of it back; a power cut may, until the next time that the disk is waited for.
   */
  write(): Promise<void> {
    const due = this.#parts.clock.monotonic() - this.#onDiskAt >= DISK_INTERVAL_MS;
    return this.#put(due);
  }

  /** As `write`, and on the disk. */
  flush(): Promise<void> {
    return this.#put(true);
  }

  #put(durable: boolean): Promise<void> {
    this.#countTime();
    if (this.#changed) this.#dirty.add(this.#month);
    this.#changed = false;
    this.#turnTo(monthOf(this.#parts.clock.wall()));
    this.#written = this.#written.then(() => this.#writeDirty(durable));
    return this.#written;
  }

  /** How long usage has been waiting for a state that cannot be written, ms; 0 while all is well. */
  get unwrittenMs(): number {
    return this.#failedAt === null ? 0 : this.#parts.clock.monotonic() - this.#failedAt;
  }

  #turnTo(month: string): void {
    if (month === this.#month) return;
    this.#month = month;
    this.#used = this.#months.get(month) ?? new Map();
    this.#months.set(month, this.#used);
  }

  #usage(municipality: string): Usage {
    this.#changed = true;
    let usage = this.#used.get(municipality);
    if (!usage) {
      usage = noUsage();
      this.#used.set(municipality, usage);
    }
    return usage;
  }

  #countTime(): void {
    const now = this.#parts.clock.monotonic();
    const passed = now - this.#countedTo;
    this.#countedTo = now;
    for (const [municipality, sessions] of this.#live) this.#usage(municipality).sessionMs += sessions * passed;
  }

  async #writeDirty(durable: boolean): Promise<void> {
    const { store, life, log, clock } = this.#parts;
    try {
      for (const month of [...this.#dirty]) {
        this.#dirty.delete(month);
        const row = rowOf(this.#months.get(month) ?? new Map());
        await store.put(usageKey(month, life), row, { durable }).catch((error: unknown) => {
          this.#dirty.add(month);
          throw error;
        });
        if (durable) this.#onDiskAt = clock.monotonic();
      }
      if (this.#failedAt !== null) log.warn('usage can be written again; nothing was lost');
      this.#failedAt = null;
    } catch (error) {
      if (this.#failedAt === null) log.error({ err: error }, 'USAGE CANNOT BE WRITTEN; it waits in memory');
      this.#failedAt ??= clock.monotonic();
    }
  }
}

/** Whole milliseconds; the fractions stay in memory and are not lost. */
function rowOf(month: ReadonlyMap<string, Usage>): Record<string, Usage> {
  return Object.fromEntries(
    [...month].map(([municipality, usage]) => [municipality, { ...usage, sessionMs: Math.floor(usage.sessionMs) }]),
  );
}
