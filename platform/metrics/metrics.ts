// A process's metrics: each is declared once with a function that tells its values, and that function runs when a
// monitor asks. In between nothing of prom-client runs; what counts are plain numbers where the work is done.
import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import type { Distribution } from './distribution.ts';
import { type LabelsOf, METRICS, type MetricName, type NameOf, type ProcessName } from './table.ts';

export type Sample<N extends MetricName> = { readonly [L in LabelsOf<N>]: string } & { readonly value: number };
export type DistributionSample<N extends MetricName> = { readonly [L in LabelsOf<N>]: string } & {
  readonly distribution: Distribution;
};

export class Metrics {
  readonly #registry = new Registry();
  readonly #process: ProcessName;

  constructor(process: ProcessName) {
    this.#process = process;
    collectDefaultMetrics({ register: this.#registry });
  }

  /** @param read a number, for a metric without labels, or one sample for each combination of labels */
  gauge<N extends NameOf<'gauge'>>(name: N, read: () => number | Iterable<Sample<N>>): void {
    new Gauge({
      ...this.#head(name),
      collect() {
        this.reset();
        for (const { labels, value } of samplesOf(read())) this.set(labels, value);
      },
    });
  }

  /** @param read totals since the process began: they only grow */
  counter<N extends NameOf<'counter'>>(name: N, read: () => Iterable<Sample<N>>): void {
    new Counter({
      ...this.#head(name),
      collect() {
        this.reset();
        for (const { labels, value } of samplesOf(read())) this.inc(labels, value);
      },
    });
  }

  /** prom-client's own histogram takes single values only, so the registry gets one that was counted elsewhere. */
  histogram<N extends NameOf<'histogram'>>(name: N, read: () => Iterable<DistributionSample<N>>): void {
    const { help } = this.#head(name);
    const type = 'histogram';
    const values = () =>
      [...read()].flatMap(({ distribution, ...labels }) => {
        const buckets = distribution.cumulative();
        const count = buckets.at(-1)?.count ?? 0;
        return [
          ...buckets.map(({ le, count }) => ({
            metricName: `${name}_bucket`,
            labels: { ...labels, le },
            value: count,
          })),
          { metricName: `${name}_sum`, labels, value: distribution.sum },
          { metricName: `${name}_count`, labels, value: count },
        ];
      });
    const counted = { name, help, type, get: async () => ({ name, help, type, values: values() }) };
    // The registry asks a metric for its name and get(); the type wants one of the library's own classes.
    this.#registry.registerMetric(counted as unknown as Metric);
  }

  /** Everything in Prometheus' text format 0.0.4. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #head(name: MetricName) {
    const { labels, help, of }: { labels: readonly string[]; help: string; of: readonly ProcessName[] } = METRICS[name];
    if (!of.includes(this.#process)) throw new Error(`${name} is no metric of the ${this.#process}`);
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

function samplesOf(read: number | Iterable<{ value: number }>): { labels: Record<string, string>; value: number }[] {
  if (typeof read === 'number') return [{ labels: {}, value: read }];
  return [...read].map(({ value, ...labels }) => ({ labels, value }));
}
