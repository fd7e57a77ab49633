// The audit log of one process: a hash chain of events in a JSONL file (G1, G3, G6). It outlives the process, and whoever
// cannot write it may start no new session (G4).
import { dirname } from 'node:path';
import { Refusal } from '#protocol/codes.ts';
import { Failure } from '../process/exit.ts';
import { createLog, type Log } from '../process/log.ts';
import { makePrivateFolder } from '../process/private-folder.ts';
import { type EventFields, type EventName, type FittedEvent, fitEvent } from './events.ts';
import { AuditFile, type FoundTail } from './file.ts';
import { type Link, NO_DIGEST, openLine, sealLine } from './line.ts';

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
  /** of the program, for process-started */
  version?: string;
}

/**
 * Opens the log, continues its chain and records `process-started`.
 * @throws Failure in one line: not writable, another process's log, or an end that does not verify
 */
export function openAudit(options: AuditOptions): Audit {
  const { path, source, now, onCheckpoint, heartbeatMs = HEARTBEAT_MS, alsoHealthy = () => true } = options;
  const log = options.log ?? createLog(source);
  const file = openFile(path);
  const tail = file.takeTail();
  let last = lastLink(tail, path, source);
  let lost: { count: number; since: string } | null = null;
  let closed = false;

  const written = () => lost === null && !closed && file.reachesDisk;
  const isoNow = () => new Date(now()).toISOString();

  function write(fitted: FittedEvent): void {
    try {
      if (closed) throw new Error('the audit log is closed');
      const time = isoNow();
      // What was lost comes first, in the same write: the chain never continues without saying that it has a gap.
      const gap: FittedEvent[] = lost
        ? [{ event: 'events-lost', fields: { lost: lost.count, since: lost.since } }]
        : [];
      let link = last;
      let text = '';
      for (const content of [...gap, fitted]) {
        const sealed = sealLine(link, { time, source, ...content });
        text += sealed.line;
        link = sealed.link;
      }
      file.append(text);
      last = link;
      if (lost) log.warn({ lost: lost.count, since: lost.since }, 'the audit log can be written again');
      lost = null;
    } catch (error) {
      lost = { count: (lost?.count ?? 0) + 1, since: lost?.since ?? isoNow() };
      log.error(
        { err: error, event: fitted.event, lost: lost.count },
        'AUDIT LOG CANNOT BE WRITTEN; no new session starts',
      );
    }
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
      file.close();
    },
  };

  const heartbeat = heartbeatMs > 0 ? setInterval(() => audit.checkpoint(), heartbeatMs).unref() : undefined;
  if (tail.tornBytes > 0) audit.record('torn-write-removed', { bytes: tail.tornBytes });
  audit.record('process-started', { version: options.version ?? process.version, pid: process.pid });
  if (!written()) throw new Failure(`${path}: the audit log cannot be written`);
  return audit;
}

/** For whoever is about to start something new. @throws AUDIT_UNWRITABLE */
export function requireHealthy(audit: Pick<Audit, 'healthy'>): void {
  if (!audit.healthy) throw new Refusal('AUDIT_UNWRITABLE');
}

function openFile(path: string): AuditFile {
  makePrivateFolder(dirname(path));
  try {
    return new AuditFile(path);
  } catch (error) {
    throw new Failure(`${path}: the audit log cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Where the chain goes on. Only the end is read here; `npm run audit -- verify` reads all. */
function lastLink({ lines, wholeFile }: FoundTail, path: string, source: string): Link {
  let last: Link | null = wholeFile ? { sequence: 0, digest: NO_DIGEST } : null;
  for (const bytes of lines) {
    const line = openLine(bytes);
    if (!line || (last && (line.previous !== last.digest || line.sequence !== last.sequence + 1))) {
      throw new Failure(
        `${path}: the end of the audit log does not verify${last ? ` after event ${last.sequence}` : ''}; ` +
          'keep the file as evidence and give the process a new one',
      );
    }
    if (line.source !== source) throw new Failure(`${path}: the audit log of ${line.source}, not of ${source}`);
    last = { sequence: line.sequence, digest: line.digest };
  }
  if (!last) throw new Failure(`${path}: not an audit log`);
  return last;
}
