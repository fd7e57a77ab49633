// Who is at a relay's listeners: known, or strangers.
import type { Edge } from '../hop/edge.ts';
import type { Metrics } from './metrics.ts';

/** By the listener's name; null where it is not configured. */
export type Connections = Readonly<Record<string, { readonly connections: Edge['measures'] } | null>>;

export function exposeConnections(metrics: Metrics, listeners: Connections): void {
  metrics.gauge('telework_connections', () =>
    Object.entries(listeners).flatMap(([listener, one]) =>
      one ? Object.entries(one.connections).map(([state, value]) => ({ listener, state, value })) : [],
    ),
  );
}
