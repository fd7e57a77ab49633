// One line of an audit log: JSON, with the members always in this order.
//
//   {"sequence":1,"time":"…Z","source":"…","event":"…","fields":{…},"previous":"<64 hex>","digest":"<64 hex>"}⏎
//
// previous is the digest of the line before, 64 zeros in the first. digest is SHA-256 over the line's bytes in front of
// ,"digest": so that a verifier hashes what lies in the file and never writes JSON anew.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { escapeForTerminals } from '../process/terminal.ts';

/** The longest event is far below; a reader allocates no more than this for a line. */
export const LINE_MAX_BYTES = 16 * 1024;

export const NO_DIGEST = '0'.repeat(64);

export interface Link {
  readonly sequence: number;
  readonly digest: string;
}

export interface Content {
  readonly time: string;
  readonly source: string;
  readonly event: string;
  readonly fields: Record<string, unknown>;
}

const HEX = /^[0-9a-f]{64}$/;
const TAIL = /^,"digest":"([0-9a-f]{64})"\}$/;
const TAIL_BYTES = ',"digest":"'.length + 64 + '"}'.length;

const lineSchema = z.strictObject({
  sequence: z.int().min(1),
  time: z.iso.datetime(),
  source: z.string(),
  event: z.string(),
  fields: z.record(z.string(), z.unknown()),
  previous: z.string().regex(HEX),
  digest: z.string().regex(HEX),
});

export type Line = z.infer<typeof lineSchema>;

/** @returns the line with its newline, and the link that the next one continues from */
export function sealLine(last: Link, { time, source, event, fields }: Content): { line: string; link: Link } {
  const sequence = last.sequence + 1;
  const open = escapeForTerminals(
    JSON.stringify({ sequence, time, source, event, fields, previous: last.digest }).slice(0, -1),
  );
  const digest = sha256(open);
  return { line: `${open},"digest":"${digest}"}\n`, link: { sequence, digest } };
}

/**
 * @param bytes one line without its newline
 * @returns what it says if its digest is right, else null. Its place in the chain is not yet verified.
 */
export function openLine(bytes: Buffer): Line | null {
  const cut = bytes.length - TAIL_BYTES;
  const digest = cut > 0 ? TAIL.exec(bytes.toString('latin1', cut))?.[1] : undefined;
  if (digest === undefined || digest !== sha256(bytes.subarray(0, cut))) return null;
  try {
    return lineSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
