// How long things take, in buckets: cheap enough to stand in the path of every record.

/** Upper bounds in seconds: 50 µs, where a relay should be, to 2.5 s, where nobody can work any more. */
const BOUNDS: readonly number[] = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

export class Distribution {
  /** One bucket a bound, and the last for what lies above all of them. */
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #sum = 0;

  /** @param ms not negative */
  observeMs(ms: number): void {
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket++;
    (this.#counts[bucket] as number)++;
    this.#sum += seconds;
  }

  /** As the text format wants them: how many values lay at or below each bound, `+Inf` last. */
  cumulative(): { le: string; count: number }[] {
    let count = 0;
    return [...this.#counts].map((own, i) => {
      count += own;
      return { le: i < BOUNDS.length ? String(BOUNDS[i]) : '+Inf', count };
    });
  }

  /** Seconds. */
  get sum(): number {
    return this.#sum;
  }
}
