// The metrics of a process: what every one has, what it adds itself, and the listener.
import type { ShippedAudit } from '../audit/open.ts';
import type { TlsFiles } from '../hop/tls.ts';
import type { Log } from '../process/log.ts';
import type { Life } from '../process/stop.ts';
import type { EventTally } from './event-tally.ts';
import { type MetricsAddress, serveMetrics } from './listener.ts';
import { Metrics } from './metrics.ts';
import type { ProcessName } from './table.ts';
import { exposeTimeLeft } from './time-left.ts';

export interface ProcessMetrics {
  name: ProcessName;
  audit: Pick<ShippedAudit, 'healthy' | 'backlog' | 'files'>;
  events: EventTally;
  /** Whom they are about → the files. */
  files: Readonly<Record<string, TlsFiles>>;
  log: Pick<Log, 'error'>;
  /** What only this process has. */
  expose(metrics: Metrics): void;
}

/**
 * @param address of the configuration; undefined: nothing is collected and nothing listens
 * @returns the port that is bound
 * @throws Failure if the port is in use
 */
export async function startMetrics(
  life: Life,
  address: MetricsAddress | undefined,
  { name, audit, events, files, log, expose }: ProcessMetrics,
): Promise<number | undefined> {
  if (!address) return undefined;
  const metrics = new Metrics(name);
  metrics.gauge('telework_audit_healthy', () => (audit.healthy ? 1 : 0));
  metrics.gauge('telework_audit_behind_seconds', () => audit.backlog().seconds);
  metrics.gauge('telework_audit_behind_bytes', () => audit.backlog().bytes);
  events.expose(metrics);
  exposeTimeLeft(metrics, { ...files, ...audit.files }, Date.now);
  expose(metrics);
  const served = await serveMetrics(address, metrics, log);
  life.onStop(() => served.close());
  return served.port;
}
