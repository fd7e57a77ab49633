// Anchors from elsewhere: those that the log of another zone keeps, or a small file that was taken from such a log and can be
// kept anywhere, on paper if need be. One JSON object a line:
//
//   {"anchor":{"source":"…","sequence":123,"digest":"<64 hex>"},"keptBy":"broker","time":"…Z"}
import * as z from 'zod';
import { Failure } from '../process/exit.ts';
import type { Anchor } from './chain.ts';
import { LINE_MAX_BYTES, type Line } from './line.ts';
import { logAt, type NamedLog } from './reading.ts';
import { linesOf, verifyLog } from './verify.ts';

/** Ten zones, a day's anchor each, for a century. */
const ANCHORS_MAX = 400_000;

const anchorSchema = z.strictObject({
  source: z.string().max(80),
  sequence: z.int().min(1),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
const lineSchema = z.strictObject({ anchor: anchorSchema, keptBy: z.string(), time: z.iso.datetime() });

export type KeptAnchor = z.infer<typeof lineSchema>;

/**
 * @param path another zone's log, as a file or folder, or a file of anchors
 * @throws Failure if it cannot be read, or is a log that was changed: an anchor in such a one proves nothing
 */
export async function readAnchors(path: string): Promise<Anchor[]> {
  const [first, ...others] = logAt([path]).files;
  const anchors = first && others.length === 0 ? await anchorsIn(first) : null;
  if (anchors) return anchors;
  return (await keptAnchors(logAt([path]), path)).map(({ anchor }) => anchor);
}

/** @throws Failure if the log was changed */
export async function keptAnchors(log: NamedLog, name: string): Promise<KeptAnchor[]> {
  const kept: KeptAnchor[] = [];
  const verdict = await verifyLog(log.files, {
    whole: log.whole,
    onLine(line) {
      const anchor = anchorOf(line);
      if (anchor) kept.push({ anchor, keptBy: line.source, time: line.time });
    },
  });
  const [problem] = verdict.problems;
  if (problem) throw new Failure(`${name}: changed (line ${problem.line}: ${problem.problem})`);
  return kept;
}

/** What a small file needs: of each log the first anchor and the last of each day (UTC). */
export function thinned(kept: readonly KeptAnchor[]): KeptAnchor[] {
  const chosen = new Map<string, KeptAnchor>();
  for (const one of kept) {
    const { source } = one.anchor;
    if (!chosen.has(source)) chosen.set(source, one);
    chosen.set(`${source} ${one.time.slice(0, 10)}`, one);
  }
  return [...new Set(chosen.values())];
}

/** @returns null if it is no file of anchors, but perhaps a log */
async function anchorsIn({ name, chunks }: NamedLog['files'][number]): Promise<Anchor[] | null> {
  const anchors: Anchor[] = [];
  for await (const { bytes } of linesOf(chunks)) {
    if (anchors.length === 0 && !bytes.subarray(0, 10).equals(Buffer.from('{"anchor":'))) return null;
    const parsed = bytes.length <= LINE_MAX_BYTES ? lineSchema.safeParse(json(bytes)) : null;
    if (!parsed?.success || anchors.length >= ANCHORS_MAX) {
      throw new Failure(`${name}: line ${anchors.length + 1} is no anchor`);
    }
    anchors.push(parsed.data.anchor);
  }
  return anchors.length > 0 ? anchors : null;
}

function anchorOf({ event, fields: { source, sequence, digest } }: Line): Anchor | null {
  return event === 'anchor' ? (anchorSchema.safeParse({ source, sequence, digest }).data ?? null) : null;
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
