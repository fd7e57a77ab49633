// How far the collector has the log, kept across restarts: {"collector":"host:port","sequence":5,"digest":"…"}. Lost, it
// costs events that are sent twice. The digest shows whether the log is still the one that was sent (T15).
import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import * as z from 'zod';
import { Failure } from '../../process/exit.ts';
import type { Link } from '../line.ts';
import { BEGINNING } from './follow.ts';

const schema = z.strictObject({
  collector: z.string(),
  sequence: z.int().min(0),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});

export class Position {
  readonly #path: string;
  readonly #collector: string;

  /** @param collector host:port; another one gets the log from its beginning */
  constructor(path: string, collector: string) {
    this.#path = path;
    this.#collector = collector;
  }

  /** @returns the last event that the collector has. @throws Failure if the file is there and cannot be used */
  read(): Link {
    const text = this.#text();
    if (text === null) return BEGINNING;
    try {
      const { collector, ...link } = schema.parse(JSON.parse(text));
      return collector === this.#collector ? link : BEGINNING;
    } catch {
      throw new Failure(`${this.#path}: not a position in the audit log; remove it to send the whole log anew`);
    }
  }

  /** In one step, so that a crash leaves the old one or the new one. @throws the error of the file system */
  write({ sequence, digest }: Link): void {
    const temporary = `${this.#path}.new`;
    const fd = openSync(temporary, 'w', 0o600);
    try {
      writeSync(fd, `${JSON.stringify({ collector: this.#collector, sequence, digest })}\n`);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, this.#path);
  }

  #text(): string | null {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      throw new Failure(`${this.#path}: cannot be read (${code})`);
    }
  }
}
