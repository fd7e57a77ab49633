// A process's audit log, by its configuration. The mains of gateway, broker and agent say no more than whose log it is.
import { join } from 'node:path';
import type { TlsFiles } from '../hop/tls.ts';
import type { Log } from '../process/log.ts';
import type { Life } from '../process/stop.ts';
import { type Audit, type AuditOptions, openAudit } from './chain.ts';
import type { AuditConfig } from './config.ts';
import { allFiles } from './files.ts';
import { collectorTls, withList } from './syslog/collector.ts';
import type { Backlog, Shipping } from './syslog/shipping.ts';
import { startShipping } from './syslog/start.ts';

export interface ProcessAudit extends Pick<AuditOptions, 'source' | 'now' | 'onCheckpoint' | 'recorded'> {
  /** The process's state folder: audit.jsonl lies there. */
  state: string;
  log: Log;
}

/** A log that knows how far its collector is behind. */
export interface ShippedAudit extends Audit {
  backlog(): Backlog;
  /** "collector" → the files of the connection to it, if they hold a list. */
  readonly files: Readonly<Record<string, TlsFiles>>;
}

const NO_BACKLOG: Backlog = { seconds: 0, bytes: 0 };

/**
 * Opens the log, ships it if a collector is configured, and closes it when the process stops.
 * @throws Failure in one line: the collector's key or certificates cannot be used, the log is not writable, another process's log, or an end that does not verify
 */
export function openProcessAudit(life: Pick<Life, 'onStop'>, config: AuditConfig, process: ProcessAudit): ShippedAudit {
  // One clear line before anything is begun.
  if (config.syslog) collectorTls(config.syslog);
  const { state, ...whose } = process;
  const path = join(state, 'audit.jsonl');
  let shipping: Shipping | null = null;
  const audit = openAudit({
    ...whose,
    path,
    config,
    heartbeatMs: config.checkpointSeconds * 1_000,
    alsoHealthy: () => shipping?.keepsUp ?? true,
  });
  if (config.syslog) {
    const archive = config.archive ?? join(state, 'archive');
    const files = () => allFiles(path, archive);
    const position = join(state, 'audit.shipped.json');
    const { log, now } = process;
    shipping = startShipping(life, config.syslog, { growing: path, files, position, audit, log, now });
  }
  life.onStop(() => audit.close());
  const collector = config.syslog ? withList(config.syslog.tls) : null;
  return Object.assign(audit, {
    backlog: () => shipping?.backlog ?? NO_BACKLOG,
    files: collector ? { collector } : {},
  });
}
