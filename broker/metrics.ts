// What only the broker can tell: the contracted line and who uses it, who waits, which links are up.

import { type Connections, exposeConnections } from '#platform/metrics/connections.ts';
import { Distribution } from '#platform/metrics/distribution.ts';
import type { Metrics, Sample } from '#platform/metrics/metrics.ts';
import type { RelayTally } from '#platform/metrics/relay-tally.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import type { Agents } from './agents.ts';
import type { Gateways } from './gateways.ts';
import type { Metering } from './metering.ts';
import type { Pairing } from './pairing.ts';
import type { MunicipalityMeasure } from './shaping/measure.ts';
import type { Shaper } from './shaping/shaper.ts';

const DIRECTIONS = ['inward', 'outward'] as const;

/** How long records waited for their turn on the line. */
export class QueueAges {
  readonly #ages = { [Direction.inward]: new Distribution(), [Direction.outward]: new Distribution() };

  readonly waited = (_municipality: string, ms: number, direction: Direction): void => {
    this.#ages[direction].observeMs(ms);
  };

  samples() {
    return DIRECTIONS.map((direction) => ({ direction, distribution: this.#ages[Direction[direction]] }));
  }
}

export interface Measured {
  pairing: Pick<Pairing, 'measure'>;
  agents: Pick<Agents, 'size' | 'online'>;
  gateways: Pick<Gateways, 'size'>;
  shaper: Pick<Shaper, 'measure'>;
  relayed: RelayTally;
  doors: Connections;
}

export function exposeBroker(metrics: Metrics, { pairing, agents, gateways, shaper, relayed, doors }: Measured): void {
  metrics.gauge('telework_sessions_opening', () => pairing.measure().opening);
  metrics.gauge('telework_sessions_live', () =>
    [...pairing.measure().live].map(([municipality, value]) => ({ municipality, value })),
  );
  metrics.gauge('telework_control_links', () => [
    { peer: 'gateway', value: gateways.size },
    { peer: 'agent', value: agents.size },
  ]);
  metrics.gauge('telework_desktops_online', () => desktopsOnline(agents.online()));
  exposeConnections(metrics, doors);
  relayed.expose(metrics);
  exposeLine(metrics, shaper);
}

function exposeLine(metrics: Metrics, shaper: Pick<Shaper, 'measure'>): void {
  const ofEach = (value: (one: MunicipalityMeasure) => number) => {
    const line = shaper.measure();
    return DIRECTIONS.flatMap((direction) =>
      line[direction].municipalities.map((one) => ({
        municipality: one.municipality,
        direction,
        value: value(one),
      })),
    );
  };
  metrics.gauge('telework_line_bytes_per_second', () => {
    const line = shaper.measure();
    return DIRECTIONS.map((direction) => ({ direction, value: line[direction].bytesPerSecond }));
  });
  metrics.counter('telework_line_sent_bytes_total', () => ofEach(({ sentBytes }) => sentBytes));
  metrics.counter('telework_line_arrived_bytes_total', () => ofEach(({ arrivedBytes }) => arrivedBytes));
  metrics.gauge('telework_line_used_ratio', () => ofEach(({ used }) => used));
  metrics.gauge('telework_queue_bytes', () => ofEach(({ queuedBytes }) => queuedBytes));
  metrics.gauge('telework_queue_oldest_seconds', () => ofEach(({ oldestMs }) => oldestMs / 1_000));
  // The shares are of both directions alike.
  metrics.gauge('telework_line_share_ratio', () =>
    shaper.measure().outward.municipalities.flatMap(({ municipality, guarantee, ceiling }) => [
      { municipality, bound: 'guarantee', value: guarantee },
      { municipality, bound: 'ceiling', value: ceiling },
    ]),
  );
}

/** What belongs to the process and not to its line. */
export function exposeCounted(metrics: Metrics, ages: QueueAges, metering: Pick<Metering, 'unwrittenMs'>): void {
  metrics.histogram('telework_queue_age_seconds', () => ages.samples());
  metrics.gauge('telework_usage_unwritten_seconds', () => metering.unwrittenMs / 1_000);
}

function desktopsOnline(online: ReturnType<Agents['online']>): Sample<'telework_desktops_online'>[] {
  const counts = new Map<string, number>();
  for (const [agent, desktops] of online) {
    const municipality = agent.split('/')[0] ?? '';
    counts.set(municipality, (counts.get(municipality) ?? 0) + desktops.length);
  }
  return [...counts].map(([municipality, value]) => ({ municipality, value }));
}
