// Verifying a log from its bytes alone, offline. The chain shows every edit, deletion, insertion and reordering inside it;
// the signatures, that none of it was written anew by whoever took the keys later; only an anchor from elsewhere, that its
// end was not cut off and that the whole of it, keys and all, is not another one (T15).
import type { Anchor } from './chain.ts';
import { LINE_MAX_BYTES, type Line, type Link, NO_DIGEST, openLine } from './line.ts';
import { SignatureCheck } from './signatures.ts';

const PROBLEMS_MAX = 20;

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface LogFile {
  readonly name: string;
  readonly chunks: Chunks;
}

export interface Problem {
  readonly file: string;
  /** counts from 1 */
  readonly line: number;
  readonly problem: string;
}

export interface Verdict {
  /** No problem found. Says nothing about the tail. */
  intact: boolean;
  source: string | null;
  events: number;
  firstTime: string | null;
  lastTime: string | null;
  /** The first problems, in the order of the files. */
  problems: Problem[];
  /** Events that the process itself reported as not written. */
  lost: number;
  /** The chain begins in the middle, after this event; `said` is what the log itself says about what came before. */
  before: (Link & { said: 'archived' | 'removed' | null }) | null;
  /** Checkpoints are signed since that event, and the last one whose signature holds; null if there is none. */
  signed: { since: number; last: number } | null;
  /** The highest event that an anchor proves, or null: tail not provable. */
  anchored: number | null;
}

export interface VerifyOptions {
  /** of any source; those of others are left aside */
  anchors?: readonly Anchor[];
  /**
   * No file was left out, of those that are online or of all: what is missing in front is a problem, unless the log says
   * that it was archived (online) or removed (both).
   */
  whole?: 'online' | 'all' | null;
  onLine?(line: Line): void;
}

/** @param files of one log, in the order of the chain */
export async function verifyLog(files: readonly LogFile[], options: VerifyOptions = {}): Promise<Verdict> {
  const { anchors = [], whole = null, onLine = () => {} } = options;
  const problems: Problem[] = [];
  let at = { file: files[0]?.name ?? '', line: 0 };
  const note = (problem: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push({ ...at, problem });
  };
  const wanted = Map.groupBy(anchors, ({ sequence }) => sequence);
  const signatures = new SignatureCheck();

  let first: Line | null = null;
  let last: Line | null = null;
  /** What the next line must continue; null after a line that could not be opened, where the chain is taken up again. */
  let expected: Link | null = null;
  let before: Verdict['before'] = null;
  let events = 0;
  let lost = 0;
  let anchored: number | null = null;

  function compare(line: Line): void {
    if (!first) {
      if (line.event === 'log-continued') before = { sequence: line.sequence - 1, digest: line.previous, said: null };
      expected = before ?? { sequence: 0, digest: NO_DIGEST };
      first = line;
    }
    if (expected && line.sequence !== expected.sequence + 1) {
      note(`event ${line.sequence} follows event ${expected.sequence}: deleted, inserted or reordered`);
    } else if (expected && line.previous !== expected.digest) {
      note(`event ${line.sequence} does not continue the event in front of it`);
    }
    if (line.source !== first.source) note(`an event of ${line.source} in the log of ${first.source}`);
    const unsigned = signatures.check(line);
    if (unsigned) note(unsigned);
    for (const anchor of wanted.get(line.sequence) ?? []) {
      if (anchor.source !== first.source) continue;
      if (anchor.digest === line.digest) anchored = Math.max(anchored ?? 0, line.sequence);
      else note(`event ${line.sequence} is not the one that was anchored: rewritten from here or before`);
    }
    if (line.event === 'events-lost') lost += Number(line.fields.lost) || 0;
    if (before && line.fields.sequence === before.sequence && line.fields.digest === before.digest) {
      if (line.event === 'log-archived') before.said = 'archived';
      if (line.event === 'log-removed') before.said = 'removed';
    }
    onLine(line);
    last = line;
    expected = line;
  }

  for (const { name, chunks } of files) {
    at = { file: name, line: 0 };
    for await (const { bytes, ended } of linesOf(chunks)) {
      events++;
      at.line++;
      const line = bytes.length <= LINE_MAX_BYTES ? openLine(bytes) : null;
      if (!ended) note('the last line has no end');
      if (line) compare(line);
      else {
        note('changed: the digest does not fit the line');
        signatures.lineLost();
        expected = null;
      }
    }
  }

  const { source, time: firstTime } = (first as Line | null) ?? { source: null, time: null };
  const { sequence: end, time: lastTime } = (last as Line | null) ?? { sequence: 0, time: null };
  const about = anchors.filter((anchor) => anchor.source === source);
  const furthest = Math.max(0, ...about.map(({ sequence }) => sequence));
  const unsigned = last ? signatures.checkEnd(last) : null;
  if (unsigned) note(unsigned);
  at.line++;
  if (!first) note('no event could be read');
  else if (end < furthest) note(`cut off: event ${furthest} was anchored and is not here`);
  const start = before as Verdict['before'];
  if (start) {
    at = { file: files[0]?.name ?? '', line: 1 };
    const other = about.some(({ sequence, digest }) => sequence === start.sequence && digest !== start.digest);
    if (other) note(`event ${start.sequence}, in front of the first one here, is not the one that was anchored`);
    const isAccountedFor = start.said === 'removed' || (start.said === 'archived' && whole === 'online');
    if (whole && !isAccountedFor)
      note(`begins after event ${start.sequence}, and no event says that those before it went`);
  }
  const { since, last: signed } = signatures;
  return {
    ...{ intact: problems.length === 0, source, events, firstTime, lastTime, problems, lost, before: start },
    signed: since !== null && signed ? { since, last: signed.sequence } : null,
    anchored,
  };
}

/** Cuts at newlines, holding at most one line of the allowed length; a longer one is handed out in part, to be refused. */
export async function* linesOf(chunks: Chunks): AsyncGenerator<{ bytes: Buffer; ended: boolean }> {
  let held = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let rest = Buffer.concat([held, chunk]);
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield { bytes: rest.subarray(0, end), ended: true };
      rest = rest.subarray(end + 1);
    }
    // One byte more than allowed is enough to be refused at the newline.
    held = Buffer.from(rest.subarray(0, LINE_MAX_BYTES + 1));
  }
  if (held.length > 0) yield { bytes: held, ended: false };
}
