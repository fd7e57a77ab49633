// Reads the log's events in their order, across its files, while they are written and closed. What does not continue the
// chain is not read on: a log that was changed is not shipped as if it were ours (T15).
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Failure } from '../../process/exit.ts';
import { LINE_MAX_BYTES, type Line, type Link, NO_DIGEST, openLine } from '../line.ts';

const CHUNK_BYTES = 64 * 1024;

/** Sequence 0: in front of the oldest event that there is. */
export const BEGINNING: Link = { sequence: 0, digest: NO_DIGEST };

/** Just behind an event. */
export interface Place {
  readonly link: Link;
  readonly inode: number;
  readonly offset: number;
}

export interface ReadEvent {
  readonly line: Line;
  /** The line's bytes, without its newline. */
  readonly bytes: Buffer;
  readonly place: Place;
}

/** The file that is read now. */
interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly inode: number;
}

export class Follower {
  readonly #growing: string;
  readonly #files: () => readonly string[];
  #file: OpenFile | null = null;
  /** Of the first byte in `#held`. */
  #offset = 0;
  /** Read and not handed out: less than a line and a chunk. */
  #held: Buffer = Buffer.alloc(0);
  /** The last event that was handed out; null before the first of a log whose older files are gone. */
  #link: Link | null = null;

  /**
   * @param growing the file that is written to: looked at often, and the others only when it is another one
   * @param files all files of the log as they are now, oldest first, that one last
   */
  constructor(growing: string, files: () => readonly string[]) {
    this.#growing = growing;
    this.#files = files;
  }

  /** Goes behind an event. @throws Failure if the log has no such event */
  async seek(link: Link): Promise<Place> {
    await this.close();
    // No file has this inode: all of them lie behind it.
    if (link.sequence === 0) return { link, inode: 0, offset: 0 };
    for (const path of this.#files().toReversed()) {
      await this.#open(path);
      const first = await this.#read();
      if (!first || first.line.sequence > link.sequence + 1) continue;
      if (first.line.sequence === link.sequence + 1) {
        // The event itself is in a file that is gone or elsewhere.
        if (first.line.previous !== link.digest) break;
        const place = { link, inode: first.place.inode, offset: 0 };
        this.#back(place);
        return place;
      }
      for (let event: ReadEvent | null = first; event; event = await this.#read()) {
        if (event.line.sequence < link.sequence) continue;
        if (event.line.digest !== link.digest) break;
        return event.place;
      }
      break;
    }
    throw new Failure(`event ${link.sequence} is not in the audit log as it was sent to the collector`);
  }

  /** Goes back to a place that was handed out before. @throws Failure as `seek` does */
  async rewind(place: Place): Promise<void> {
    if (this.#file?.inode === place.inode) this.#back(place);
    else await this.seek(place.link);
  }

  /** @returns the next event, or null while there is none. @throws Failure if the log does not go on as it should */
  async next(): Promise<ReadEvent | null> {
    for (;;) {
      const event = await this.#read();
      if (event) return event;
      const newer = await this.#newer();
      if (!newer) return null;
      // Written before the older one was closed, and after it was read above.
      const late = await this.#read();
      if (late) return late;
      const link = this.#link;
      await this.#open(newer);
      this.#link = link;
    }
  }

  /** @returns how much of the log lies behind the place, bytes */
  async bytesBehind({ inode, offset }: Place): Promise<number> {
    const growing = await stat(this.#growing).catch(() => null);
    if (growing?.ino === inode) return Math.max(0, growing.size - offset);
    let bytes = 0;
    for (const path of this.#files().toReversed()) {
      const found = await stat(path).catch(() => null);
      if (!found) continue;
      if (found.ino === inode) return bytes + Math.max(0, found.size - offset);
      bytes += found.size;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#file?.handle.close();
    this.#file = null;
    this.#link = null;
    this.#offset = 0;
    this.#held = Buffer.alloc(0);
  }

  async #open(path: string): Promise<void> {
    await this.close();
    const handle = await open(path, 'r');
    this.#file = { path, handle, inode: (await handle.stat()).ino };
  }

  #back({ offset, link }: Place): void {
    this.#offset = offset;
    this.#link = link;
    this.#held = Buffer.alloc(0);
  }

  /** The file after the one that is read; the oldest if none is. */
  async #newer(): Promise<string | null> {
    if (!this.#file) return this.#files()[0] ?? null;
    const growing = await stat(this.#growing).catch(() => null);
    if (!growing || growing.ino === this.#file.inode) return null;
    const files = this.#files();
    // By inode, since a file that is closed gets another name.
    for (const [index, path] of files.entries()) {
      const found = await stat(path).catch(() => null);
      if (found?.ino === this.#file.inode) return files[index + 1] ?? null;
    }
    // It was moved away whole; what follows it is found by its number.
    return this.#link ? await this.#fileOf(this.#link.sequence + 1) : null;
  }

  async #fileOf(sequence: number): Promise<string | null> {
    for (const path of this.#files().toReversed()) {
      const other = new Follower(path, () => [path]);
      const first = await other.next();
      await other.close();
      if (first && first.line.sequence <= sequence) return path;
    }
    return null;
  }

  /** The next event of this file. */
  async #read(): Promise<ReadEvent | null> {
    if (!this.#file) return null;
    for (;;) {
      const end = this.#held.indexOf('\n');
      if (end >= 0) return this.#take(this.#file, end);
      if (this.#held.length > LINE_MAX_BYTES) throw this.#broken(this.#file);
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const { bytesRead } = await this.#file.handle.read(chunk, 0, chunk.length, this.#offset + this.#held.length);
      if (bytesRead === 0) {
        // Half a line may be of a write that failed, and is taken back before the next one: it is read anew later.
        this.#held = Buffer.alloc(0);
        return null;
      }
      this.#held = Buffer.concat([this.#held, chunk.subarray(0, bytesRead)]);
    }
  }

  #take(file: OpenFile, end: number): ReadEvent {
    const bytes = this.#held.subarray(0, end);
    const line = end <= LINE_MAX_BYTES ? openLine(bytes) : null;
    const link = this.#link;
    if (!line || (link && (line.sequence !== link.sequence + 1 || line.previous !== link.digest))) {
      throw this.#broken(file);
    }
    this.#held = this.#held.subarray(end + 1);
    this.#offset += end + 1;
    this.#link = { sequence: line.sequence, digest: line.digest };
    return { line, bytes, place: { link: this.#link, inode: file.inode, offset: this.#offset } };
  }

  #broken({ path }: OpenFile): Failure {
    const where = this.#link ? ` after event ${this.#link.sequence}` : '';
    return new Failure(`${path}: the audit log does not verify${where}; nothing that follows is sent to the collector`);
  }
}
