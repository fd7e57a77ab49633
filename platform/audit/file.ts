// The file under an audit log: only ever grows, by whole lines, by this process alone.
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from './files.ts';
import { type FoundTail, readFirstLine, readLastLineWith, readTail } from './tail.ts';

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
    const tail = readTail(this.#fd, this.#size);
    if (tail.tornBytes > 0) {
      this.#size -= tail.tornBytes;
      ftruncateSync(this.#fd, this.#size);
    }
    return tail;
  }

  /** The first line, or null while there is none. */
  firstLine(): Buffer | null {
    return this.#size === 0 ? null : readFirstLine(this.#fd);
  }

  lastLineWith(text: string): Buffer | null {
    return readLastLineWith(text, this.#fd, this.#size);
  }

  /** In bytes, up to the last complete line. */
  get size(): number {
    return this.#size;
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

  /** Waits for the disk. @throws the error of the disk, which is final */
  flush(): void {
    try {
      fdatasyncSync(this.#fd);
    } catch (error) {
      this.#syncError = error as Error;
      throw error;
    }
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }

  /**
   * Closes the file and gives it another name, for good: from then on it may only be read.
   * @throws the error of the file system, or if there is such a file; it can still be appended to then
   */
  moveAway(name: string): void {
    const folder = dirname(this.#path);
    const target = join(folder, name);
    this.flush();
    this.#checkUntouched();
    if (existsSync(target)) throw new Error(`${name} is there already`);
    renameSync(this.#path, target);
    fchmodSync(this.#fd, 0o400);
    closeSync(this.#fd);
    syncFolder(folder);
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
