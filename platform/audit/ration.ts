// Strangers may knock as often as they like; they shall not fill the disk that the audit log needs (F8, T13, T25). Some of
// their events are written one by one, the rest is counted, and the count is written, too: with the next event, or when
// nothing has come for a while.
import { TokenBucket } from '#protocol/token-bucket.ts';

const QUIET_MS = 5_000;

/** Writes the event; `more` goes to the end of its detail, and is '' or says how many were not written. */
type Write = (more: string) => void;

export interface RationOptions {
  perSecond: number;
  burst: number;
  /** A monotonic clock, ms. */
  now(): number;
}

export class Ration {
  readonly #bucket: TokenBucket;
  readonly #now: () => number;
  #unwritten = 0;
  #quiet: NodeJS.Timeout | null = null;

  constructor({ perSecond, burst, now }: RationOptions) {
    this.#bucket = new TokenBucket(perSecond, burst, now());
    this.#now = now;
  }

  spend(write: Write): void {
    if (this.#bucket.takeIfThere(this.#now())) {
      write(this.#more(0));
      return;
    }
    this.#unwritten++;
    this.#quiet ??= setTimeout(() => {
      this.#quiet = null;
      if (this.#unwritten > 0) write(this.#more(1));
    }, QUIET_MS).unref();
  }

  /** @param own how many of those not written yet are written now */
  #more(own: number): string {
    const before = this.#unwritten - own;
    this.#unwritten = 0;
    return before > 0 ? ` (${before} more were not written one by one)` : '';
  }
}

/** One for each kind, so that what floods does not hide what is rare. The kinds are ours and few, never a stranger's. */
export class Rations {
  readonly #options: RationOptions;
  readonly #byKind = new Map<string, Ration>();

  constructor(options: RationOptions) {
    this.#options = options;
  }

  spend(kind: string, write: Write): void {
    const ration = this.#byKind.get(kind) ?? new Ration(this.#options);
    this.#byKind.set(kind, ration);
    ration.spend(write);
  }
}
