// The broker's own word on how long a session lasts (F1): whatever gateway and agent do, it ends at the limit. Only the
// input lane counts as activity; the lane stands in a record's clear header. One timer a session and no work a record but
// a look at the clock for input.
import type { Limits } from '#platform/process/limits.ts';
import { Refusal } from '#protocol/codes.ts';

export interface SessionLimitOptions {
  limits: Limits;
  /** A monotonic clock in ms. */
  now(): number;
  /** At the limit, once. */
  struck(refusal: Refusal): void;
}

export class SessionLimit {
  readonly #options: SessionLimitOptions;
  readonly #startedAt: number;
  #activeAt: number;
  #timer: NodeJS.Timeout;

  constructor(options: SessionLimitOptions) {
    this.#options = options;
    this.#startedAt = this.#activeAt = options.now();
    this.#timer = this.#wait(this.#startedAt);
  }

  /** The user did something. */
  active(): void {
    this.#activeAt = this.#options.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(now: number): NodeJS.Timeout {
    const next = Math.min(this.#idleAt, this.#overallAt);
    return setTimeout(() => this.#look(), next - now);
  }

  #look(): void {
    const now = this.#options.now();
    if (now >= this.#overallAt) this.#options.struck(new Refusal('OVERALL_LIMIT'));
    else if (now >= this.#idleAt) this.#options.struck(new Refusal('IDLE_LIMIT'));
    else this.#timer = this.#wait(now);
  }

  get #idleAt(): number {
    return this.#activeAt + this.#options.limits.idleSeconds * 1000;
  }

  get #overallAt(): number {
    return this.#startedAt + this.#options.limits.overallSeconds * 1000;
  }
}
