// The audit log of one process: a hash chain of events in a JSONL file (G1, G3, G6). It outlives the process, and whoever
// cannot write it may start no new session (G4).
import { dirname, join } from 'node:path';
import { Refusal } from '#protocol/codes.ts';
import { Failure } from '../process/exit.ts';
import { createLog, type Log } from '../process/log.ts';
import { type AuditConfig, auditSchema } from './config.ts';
import { type EventFields, type EventName, type FittedEvent, fitEvent } from './events.ts';
import { AuditFile } from './file.ts';
import { closedName } from './files.ts';
import { sealLine } from './line.ts';
import { resumeLog } from './resume.ts';
import { Retention } from './retention.ts';

const HEARTBEAT_MS = 60_000;

/** What another zone keeps of a log, so that its end cannot be cut off unseen. */
export interface Anchor {
  readonly source: string;
  readonly sequence: number;
  readonly digest: string;
}

export interface Audit {
  /** Writes one event. Never throws: a failure shows in `healthy`, in the operators' log, and later as `events-lost`. */
  record<E extends EventName>(event: E, fields: EventFields[E]): void;
  /** False from the first event that could not be written until a later one is, chained to the last that was. */
  readonly healthy: boolean;
  /** Writes a checkpoint and hands it to `onCheckpoint`, to be kept in another zone. The heartbeat calls it too. */
  checkpoint(): void;
  /** Keeps the checkpoint of another zone's log. */
  anchor(anchor: Anchor): void;
  /** Records the end, checkpoints and flushes. Further events are lost, with an alarm. */
  close(): void;
}

export interface AuditOptions {
  /** the file; it and its folder are made where missing */
  path: string;
  /** whose log it is, for example "agent/131016/office-1" */
  source: string;
  /** milliseconds since 1970 */
  now(): number;
  onCheckpoint?(checkpoint: Anchor): void;
  /** each event of `record`, written or not: to be counted */
  recorded?(event: EventName, fields: object): void;
  /** False while what was written cannot be brought to where it must go as well: then the log is not healthy (G4). */
  alsoHealthy?(): boolean;
  /** where the alarm goes */
  log?: Log;
  /** 0 for none */
  heartbeatMs?: number;
  /** of its files; the defaults otherwise */
  config?: Omit<AuditConfig, 'checkpointSeconds'>;
  /** of the program, for process-started */
  version?: string;
}

/**
 * Opens the log, continues its chain and records `process-started`.
 * @throws Failure in one line: not writable, another process's log, or an end that does not verify or was cut off
 */
export function openAudit(options: AuditOptions): Audit {
  const { path, source, now, onCheckpoint, heartbeatMs = HEARTBEAT_MS, alsoHealthy = () => true } = options;
  const config = options.config ?? auditSchema.parse({});
  const archive = config.archive ?? join(dirname(path), 'archive');
  const log = options.log ?? createLog(source);
  const { signer, unsigned, tornBytes, ...resumed } = resumeLog({ path, source, archive });
  /** Null between the end of one file and the beginning of the next. */
  let file: AuditFile | null = resumed.file;
  let { last, begin, before } = resumed;
  let lost: { count: number; since: string } | null = null;
  let hasOldKey = false;
  let closed = false;

  const written = () => lost === null && !hasOldKey && !closed && file?.reachesDisk === true;
  const isoNow = () => new Date(now()).toISOString();

  function write(event: FittedEvent): void {
    try {
      if (closed) throw new Error('the audit log is closed');
      const time = isoNow();
      const rotated = rotateIfDue(time);
      if (event.event === 'checkpoint') writeCheckpoint(time);
      else append(time, event);
      if (rotated) void retention.run();
    } catch (error) {
      lost = { count: (lost?.count ?? 0) + 1, since: lost?.since ?? isoNow() };
      log.error(
        { err: error, event: event.event, lost: lost.count },
        'AUDIT LOG CANNOT BE WRITTEN; no new session starts',
      );
    }
  }

  /** One write to the file: the event, and before it what must not come later than any other. */
  function append(time: string, event: FittedEvent): void {
    file ??= new AuditFile(path);
    const isEmpty = file.size === 0;
    if (!begin && !isEmpty) throw new Error('another file lies where the log goes on');
    // What was lost comes first, in the same write: the chain never continues without saying that it has a gap.
    const contents: FittedEvent[] = [
      ...(isEmpty && before ? [{ event: 'log-continued' as const, fields: { file: before, next: signer.next } }] : []),
      ...(lost ? [{ event: 'events-lost' as const, fields: { lost: lost.count, since: lost.since } }] : []),
      event,
    ];
    let link = last;
    let text = '';
    for (const { event, fields } of contents) {
      const at = { source, time, sequence: link.sequence + 1, previous: link.digest };
      const sealed = sealLine(link, { time, source, event, fields: event === 'checkpoint' ? signer.sign(at) : fields });
      text += sealed.line;
      link = sealed.link;
    }
    file.append(text);
    begin ??= { sequence: last.sequence + 1, time };
    last = link;
    if (lost) log.warn({ lost: lost.count, since: lost.since }, 'the audit log can be written again');
    lost = null;
  }

  function writeCheckpoint(time: string): void {
    append(time, { event: 'checkpoint', fields: {} });
    // Before its key goes: a log that lost it in a power cut could not be continued.
    file?.flush();
    try {
      signer.erase(last);
      hasOldKey = false;
    } catch (error) {
      hasOldKey = true;
      log.error({ err: error }, 'AUDIT KEY CANNOT BE ERASED; no new session starts');
    }
  }

  /** Each file ends with a checkpoint, so that it is signed throughout. */
  function rotateIfDue(time: string): boolean {
    if (!file || !begin) return false;
    if (file.size < config.fileBytes && begin.time.slice(0, 10) === time.slice(0, 10)) return false;
    if (signer.signed.sequence !== last.sequence) writeCheckpoint(time);
    before = closedName(path, begin.sequence);
    file.moveAway(before);
    file = null;
    begin = null;
    return true;
  }

  const audit: Audit = {
    record(event, fields) {
      options.recorded?.(event, fields);
      write(fitEvent(event, fields));
    },
    get healthy() {
      return written() && alsoHealthy();
    },
    checkpoint() {
      write({ event: 'checkpoint', fields: {} });
      if (written()) onCheckpoint?.({ source, ...last });
    },
    anchor: ({ source, sequence, digest }) => audit.record('anchor', { source, sequence, digest }),
    close() {
      if (closed) return;
      clearInterval(heartbeat);
      audit.record('process-stopped', {});
      audit.checkpoint();
      closed = true;
      file?.close();
    },
  };

  const { onlineDays, archiveDays } = config;
  const retention = new Retention({
    ...{ path, archive, onlineDays, archiveDays, now, log },
    say(step, fields) {
      if (closed) return false;
      audit.record(step, fields);
      if (written()) file?.flush();
      return written();
    },
  });
  const heartbeat = heartbeatMs > 0 ? setInterval(() => audit.checkpoint(), heartbeatMs).unref() : undefined;
  if (tornBytes > 0) audit.record('torn-write-removed', { bytes: tornBytes });
  audit.record('process-started', { version: options.version ?? process.version, pid: process.pid });
  if (unsigned) audit.record('signing-started', { next: signer.next });
  // What a life before left unsigned must not wait for the heartbeat.
  write({ event: 'checkpoint', fields: {} });
  if (!written()) throw new Failure(`${path}: the audit log cannot be written`);
  void retention.run();
  return audit;
}

/** For whoever is about to start something new. @throws AUDIT_UNWRITABLE */
export function requireHealthy(audit: Pick<Audit, 'healthy'>): void {
  if (!audit.healthy) throw new Refusal('AUDIT_UNWRITABLE');
}
