// Verifying a log from its bytes alone, offline. A chain shows every edit, deletion, insertion and reordering inside
// it; that its end was not cut off, and that it was not written anew as a whole, only an anchor from elsewhere shows (T15).
import type { Anchor } from './chain.ts';
import { LINE_MAX_BYTES, type Line, NO_DIGEST, openLine } from './line.ts';

const PROBLEMS_MAX = 20;

export interface Verdict {
  /** No problem found. Says nothing about the tail. */
  intact: boolean;
  source: string | null;
  events: number;
  firstTime: string | null;
  lastTime: string | null;
  /** The first problems, in the order of the file; `line` counts from 1. */
  problems: { line: number; problem: string }[];
  /** Events that the process itself reported as not written. */
  lost: number;
  /** The highest event that an anchor proves, or null: tail not provable. */
  anchored: number | null;
}

/**
 * @param chunks the file's bytes
 * @param anchors of any source; those of others are left aside
 */
export async function verifyLog(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  anchors: readonly Anchor[] = [],
  onLine: (line: Line) => void = () => {},
): Promise<Verdict> {
  const problems: Verdict['problems'] = [];
  const note = (line: number, problem: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push({ line, problem });
  };
  const wanted = new Map<number, Anchor[]>();
  for (const anchor of anchors) wanted.set(anchor.sequence, [...(wanted.get(anchor.sequence) ?? []), anchor]);

  let first: Line | null = null;
  let last: Line | null = null;
  /** What the next line must continue; null after a line that could not be opened, where the chain is taken up again. */
  let expected: { sequence: number; digest: string } | null = { sequence: 0, digest: NO_DIGEST };
  let number = 0;
  let lost = 0;
  let anchored: number | null = null;

  for await (const { bytes, ended } of linesOf(chunks)) {
    number++;
    const line = bytes.length <= LINE_MAX_BYTES ? openLine(bytes) : null;
    if (!ended) note(number, 'the last line has no end');
    if (!line) {
      note(number, 'changed: the digest does not fit the line');
      expected = null;
      continue;
    }
    if (expected && line.sequence !== expected.sequence + 1) {
      note(number, `event ${line.sequence} follows event ${expected.sequence}: deleted, inserted or reordered`);
    } else if (expected && line.previous !== expected.digest) {
      note(number, `event ${line.sequence} does not continue the event in front of it`);
    }
    first ??= line;
    if (line.source !== first.source) note(number, `an event of ${line.source} in the log of ${first.source}`);
    for (const anchor of wanted.get(line.sequence) ?? []) {
      if (anchor.source !== first.source) continue;
      if (anchor.digest === line.digest) anchored = Math.max(anchored ?? 0, line.sequence);
      else note(number, `event ${line.sequence} is not the one that was anchored: rewritten from here or before`);
    }
    if (line.event === 'events-lost') lost += Number(line.fields.lost) || 0;
    onLine(line);
    last = line;
    expected = line;
  }

  if (!first) note(1, 'no event could be read');
  const source = first?.source ?? null;
  const furthest = Math.max(0, ...anchors.filter((a) => a.source === source).map((a) => a.sequence));
  if (last && last.sequence < furthest) note(number + 1, `cut off: event ${furthest} was anchored and is not here`);
  return {
    intact: problems.length === 0,
    source,
    events: number,
    firstTime: first?.time ?? null,
    lastTime: last?.time ?? null,
    problems,
    lost,
    anchored,
  };
}

/** The anchors that a log of another zone keeps; that log is verified too. */
export async function anchorsOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ anchors: Anchor[]; verdict: Verdict }> {
  const anchors: Anchor[] = [];
  const verdict = await verifyLog(chunks, [], ({ event, fields: { source, sequence, digest } }) => {
    if (event !== 'anchor') return;
    if (typeof source === 'string' && typeof sequence === 'number' && typeof digest === 'string') {
      anchors.push({ source, sequence, digest });
    }
  });
  return { anchors, verdict };
}

/** Cuts at newlines, holding at most one line of the allowed length; a longer one is handed out in part, to be refused. */
async function* linesOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<{ bytes: Buffer; ended: boolean }> {
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
