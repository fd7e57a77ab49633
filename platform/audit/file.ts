// The file under an audit log: only ever grows, by whole lines, by this process alone.
import {
  chmodSync,
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { LINE_MAX_BYTES } from './line.ts';

const TAIL_MAX_BYTES = 4 * LINE_MAX_BYTES;

/** The end of a log as it was found at the start. */
export interface FoundTail {
  /** The last complete lines, newlines cut off; all of them if the file is short. */
  readonly lines: Buffer[];
  readonly wholeFile: boolean;
  /** Bytes after the last newline, of a write that did not end. They are removed. */
  readonly tornBytes: number;
}

export class AuditFile {
  readonly #path: string;
  readonly #fd: number;
  /** Where our last complete line ends. */
  #size: number;
  /** A failed write may have left a part of a line behind `#size`. */
  #torn = false;
  #syncing = false;
  #syncAgain = false;
  #syncError: Error | null = null;

  /** Opens or makes the file with mode 0600, in a folder that is there. @throws the error of the file system */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    chmodSync(path, 0o600);
    this.#size = fstatSync(this.#fd).size;
  }

  /** Reads the end and removes a torn line there. Called once, before the first append. */
  takeTail(): FoundTail {
    const start = Math.max(0, this.#size - TAIL_MAX_BYTES);
    const bytes = Buffer.alloc(this.#size - start);
    const read = readSync(this.#fd, bytes, 0, bytes.length, start);
    const tail = bytes.subarray(0, read);
    const end = tail.lastIndexOf('\n') + 1;
    const begin = start === 0 ? 0 : tail.indexOf('\n') + 1;
    const tornBytes = tail.length - end;
    // A window without one newline is no torn line of ours but another file; it is left alone.
    if (tornBytes > LINE_MAX_BYTES) return { lines: [tail], wholeFile: false, tornBytes: 0 };
    if (tornBytes > 0) ftruncateSync(this.#fd, start + end);
    this.#size = start + end;
    return { lines: splitLines(tail.subarray(begin, end)), wholeFile: start === 0, tornBytes };
  }

  /**
   * Writes whole lines at the end. They have left the process when this returns; the disk has them a few milliseconds
   * later, since waiting here for each would let a flood of refusals stop the event loop (T13).
   * @throws when the medium refuses, when an earlier write did not reach the disk, or when anybody else touched the file
   */
  append(text: string): void {
    if (this.#syncError) throw this.#syncError;
    if (this.#torn) ftruncateSync(this.#fd, this.#size);
    this.#torn = false;
    this.#checkUntouched();
    const bytes = Buffer.from(text, 'utf8');
    this.#torn = true;
    const written = writeSync(this.#fd, bytes);
    if (written !== bytes.length) throw new Error('the medium took a part of a line only');
    this.#torn = false;
    this.#size += written;
    this.#sync();
  }

  get reachesDisk(): boolean {
    return this.#syncError === null;
  }

  close(): void {
    fdatasyncSync(this.#fd);
    closeSync(this.#fd);
  }

  /** Another writer, a cut, or another file under the name: the chain in memory does not continue what lies there (T15). */
  #checkUntouched(): void {
    const open = fstatSync(this.#fd);
    const named = statSync(this.#path, { throwIfNoEntry: false });
    if (open.size !== this.#size || named?.ino !== open.ino || named.dev !== open.dev) {
      throw new Error('the file was changed or replaced from outside');
    }
  }

  /** One flush at a time. After a failed one the system may have dropped the pages, so that is final. */
  #sync(): void {
    this.#syncAgain = this.#syncing;
    if (this.#syncing) return;
    this.#syncing = true;
    fdatasync(this.#fd, (error) => {
      this.#syncing = false;
      // EBADF: closed meanwhile, and close() flushes by itself.
      if (error && error.code !== 'EBADF') this.#syncError = error;
      else if (this.#syncAgain && !error) this.#sync();
    });
  }
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at);
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return lines;
}
