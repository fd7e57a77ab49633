// The keys of a log's checkpoints, on disk because a process that starts anew goes on signing. Each signs once, then it is
// erased. The file always holds two, the one that signs next and the one that it will name: whatever moment the process
// dies in, one of them fits what the log says.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { Failure } from '../process/exit.ts';
import { readKeyFile } from '../process/key-files.ts';
import { type Checkpoint, publicHalf, signCheckpoint } from './checkpoint.ts';
import { syncFolder } from './files.ts';
import { type Link, NO_DIGEST } from './line.ts';

const stateSchema = z.strictObject({
  /** The last checkpoint that is signed, 0 for none: a log that does not have it was cut or written anew. */
  signed: z.strictObject({ sequence: z.int().min(0), digest: z.string() }),
  /** PKCS#8, base64. */
  current: z.base64(),
  next: z.base64(),
});

/** What a line of the log says about the key that signs next. */
export interface KeyName {
  /** The last one before; sequence 0 for none. */
  readonly checkpoint: Link;
  readonly next: string;
}

export class CheckpointSigner {
  readonly #path: string;
  #signed: Link;
  #current: KeyObject;
  #next: KeyObject;
  /** Memory and file say the same. */
  #isKept = false;

  private constructor(path: string, signed: Link, current: KeyObject, next: KeyObject) {
    this.#path = path;
    this.#signed = signed;
    this.#current = current;
    this.#next = next;
  }

  /** @returns null where there is no key file. @throws Failure naming it: not readable, or not such a file */
  static read(path: string): CheckpointSigner | null {
    const text = readKeyFile(path);
    if (text === null) return null;
    try {
      const { signed, current, next } = stateSchema.parse(JSON.parse(text));
      const signer = new CheckpointSigner(path, signed, privateKey(current), privateKey(next));
      signer.#isKept = true;
      return signer;
    } catch {
      throw new Failure(`${path}: not the checkpoint keys of an audit log`);
    }
  }

  /** @throws Failure if the file cannot be written */
  static make(path: string): CheckpointSigner {
    const signer = new CheckpointSigner(path, { sequence: 0, digest: NO_DIGEST }, freshKey(), freshKey());
    try {
      signer.#keep();
    } catch (error) {
      throw new Failure(`${path}: cannot be made (${(error as NodeJS.ErrnoException).code})`);
    }
    return signer;
  }

  /** The public half of the key that signs next, as the log names it. */
  get next(): string {
    return publicHalf(this.#current);
  }

  get signed(): Link {
    return this.#signed;
  }

  /**
   * Signs a checkpoint, which is to be flushed to the disk before `erase`.
   * @throws the error of the file system while the key that it names is not on the disk: it might never sign
   */
  sign(about: Omit<Checkpoint, 'next'>): { next: string; signature: string } {
    if (!this.#isKept) this.#keep();
    const next = publicHalf(this.#next);
    return { next, signature: signCheckpoint({ ...about, next }, this.#current) };
  }

  /** The checkpoint is on the disk: its key goes. @throws the error of the file system; `sign` tries again */
  erase({ sequence, digest }: Link): void {
    this.#signed = { sequence, digest };
    this.#current = this.#next;
    this.#next = freshKey();
    this.#isKept = false;
    this.#keep();
  }

  /**
   * Whether the log's last word on keys names the one that signs next, and its last checkpoint is the one that was signed
   * last. The process may have died between a checkpoint and `erase`, which is made up for.
   */
  continues({ checkpoint, next }: KeyName): boolean {
    if (next === publicHalf(this.#next)) this.erase(checkpoint);
    const { sequence, digest } = this.#signed;
    return next === this.next && checkpoint.sequence === sequence && checkpoint.digest === digest;
  }

  /** Replaces the file in one step, and writes over what was replaced, as far as the file system writes in place. */
  #keep(): void {
    const text = JSON.stringify({ signed: this.#signed, current: encoded(this.#current), next: encoded(this.#next) });
    const fresh = `${this.#path}.new`;
    const file = openSync(fresh, 'w', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    const replaced = statSync(this.#path, { throwIfNoEntry: false });
    const old = replaced ? openSync(this.#path, 'r+') : null;
    renameSync(fresh, this.#path);
    syncFolder(dirname(this.#path));
    this.#isKept = true;
    if (old === null || !replaced) return;
    try {
      writeSync(old, Buffer.alloc(replaced.size));
      fdatasyncSync(old);
    } finally {
      closeSync(old);
    }
  }
}

const freshKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const encoded = (key: KeyObject): string => key.export({ format: 'der', type: 'pkcs8' }).toString('base64');

function privateKey(text: string): KeyObject {
  const key = createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('another kind of key');
  return key;
}
