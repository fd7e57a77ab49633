// What only the gateway can tell: who signs in, what the doors refuse, which sessions it relays.
import { type Connections, exposeConnections } from '#platform/metrics/connections.ts';
import type { CodeTally } from '#platform/metrics/event-tally.ts';
import type { Metrics } from '#platform/metrics/metrics.ts';
import type { RelayTally } from '#platform/metrics/relay-tally.ts';
import type { BrokerLink } from './broker-link.ts';
import type { Relays } from './relay.ts';

export interface Measured {
  relays: Pick<Relays, 'measure'>;
  relayed: RelayTally;
  refusedAtDoors: CodeTally;
  broker: Pick<BrokerLink, 'isUp'>;
  listeners: Connections;
}

export function exposeGateway(
  metrics: Metrics,
  { relays, relayed, refusedAtDoors, broker, listeners }: Measured,
): void {
  metrics.gauge('telework_sessions_opening', () => relays.measure().opening);
  metrics.gauge('telework_sessions_live', () =>
    [...relays.measure().live].map(([municipality, value]) => ({ municipality, value })),
  );
  metrics.gauge('telework_control_links', () => [{ peer: 'broker', value: broker.isUp ? 1 : 0 }]);
  metrics.counter('telework_http_refusals_total', () => refusedAtDoors.samples());
  exposeConnections(metrics, listeners);
  relayed.expose(metrics);
}
