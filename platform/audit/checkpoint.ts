// A checkpoint signs the chain so far and names the key of the next checkpoint; the key that signed is erased then. Who
// takes the process's keys can therefore sign nothing that lies before: a rewritten past lacks its signatures (T15).
//
// Signed, by ECDSA P-256 with SHA-256, is this text (UTF-8, each line ended by \n), all of it from the checkpoint's line:
//
//   tw/audit-checkpoint/1
//   source
//   sequence      of the checkpoint itself
//   time
//   previous      64 hex: the digest of the line before, and so of all before
//   next          the public key that verifies the next checkpoint
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** A public key as DER SubjectPublicKeyInfo: 91 bytes, 122 characters of base64url. */
export const PUBLIC_KEY = /^[A-Za-z0-9_-]{122}$/;
/** r and s: 64 bytes, 86 characters of base64url. */
export const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;

export interface Checkpoint {
  readonly source: string;
  readonly sequence: number;
  readonly time: string;
  readonly previous: string;
  readonly next: string;
}

export function signCheckpoint(checkpoint: Checkpoint, key: KeyObject): string {
  return sign('sha256', textOf(checkpoint), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

/** @param by a public key as `next` names it */
export function isSignedBy(checkpoint: Checkpoint, signature: unknown, by: string): boolean {
  if (typeof signature !== 'string' || !SIGNATURE.test(signature) || !PUBLIC_KEY.test(by)) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(by, 'base64url'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false;
    const bytes = Buffer.from(signature, 'base64url');
    return verify('sha256', textOf(checkpoint), { key, dsaEncoding: 'ieee-p1363' }, bytes);
  } catch {
    return false;
  }
}

/** The public half, as `next` names it. */
export function publicHalf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64url');
}

function textOf({ source, sequence, time, previous, next }: Checkpoint): Buffer {
  return Buffer.from(`tw/audit-checkpoint/1\n${source}\n${sequence}\n${time}\n${previous}\n${next}\n`);
}
