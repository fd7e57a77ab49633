// A process's audit log, by its configuration. The mains of gateway, broker and agent say no more than whose log it is.
import { join } from 'node:path';
import type { Log } from '../process/log.ts';
import type { Life } from '../process/stop.ts';
import { type Audit, type AuditOptions, openAudit } from './chain.ts';
import type { AuditConfig } from './config.ts';

export interface ProcessAudit extends Pick<AuditOptions, 'source' | 'now' | 'onCheckpoint' | 'recorded'> {
  /** The process's state folder: audit.jsonl lies there. */
  state: string;
  log: Log;
}

/**
 * Opens the log and closes it when the process stops.
 * @throws Failure in one line: not writable, another process's log, or an end that does not verify
 */
export function openProcessAudit(life: Pick<Life, 'onStop'>, config: AuditConfig, process: ProcessAudit): Audit {
  const { state, ...whose } = process;
  const audit = openAudit({
    ...whose,
    path: join(state, 'audit.jsonl'),
    config,
    heartbeatMs: config.checkpointSeconds * 1_000,
  });
  life.onStop(() => audit.close());
  return audit;
}
