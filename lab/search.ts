// Looking for bytes where they must not be: in files, in captures, in another process's memory. Each needle is looked for
// as it is, in hexadecimal, and in base64 wherever it may begin in a longer text.
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Needle<Kind extends string> {
  readonly kind: Kind;
  /** At least NEEDLE_MIN_BYTES. */
  readonly bytes: Buffer;
}

/** Shorter ones would be found by chance, and their base64 has no characters that are surely theirs. */
export const NEEDLE_MIN_BYTES = 12;

/** A form of a needle, and where in it the word begins by which it is noticed. */
interface Form {
  readonly needle: number;
  readonly bytes: Buffer;
  readonly at: number;
}

const WORD = 4;
const PIECE_BYTES = 4 * 1024 * 1024;

/**
 * All needles in one pass: memory is read as words of four bytes, and of each form the four words are known that could
 * stand at such a place. Only where one of them stands the bytes are compared.
 */
export class Search<Kind extends string> {
  readonly #needles: readonly Needle<Kind>[];
  readonly #forms = new Map<number, Form[]>();
  /** One bit for each hash of a word that is looked for. */
  readonly #filter = new Uint8Array(0x1_0000);
  readonly #longest: number;
  readonly #found = new Set<number>();
  #kept: Buffer = Buffer.alloc(0);
  /** How much was looked through. */
  bytes = 0;

  constructor(needles: readonly Needle<Kind>[]) {
    this.#needles = needles;
    let longest = 0;
    for (const [needle, { kind, bytes }] of needles.entries()) {
      if (bytes.length < NEEDLE_MIN_BYTES) throw new RangeError(`${kind}: ${bytes.length} bytes are no needle`);
      for (const form of formsOf(bytes)) {
        longest = Math.max(longest, form.length);
        const start = mostTelling(form);
        for (let at = start; at < start + WORD; at++) this.#expect({ needle, bytes: form, at });
      }
    }
    this.#longest = longest;
  }

  /** What follows on what was given before. Not kept. */
  push(piece: Buffer): void {
    this.bytes += piece.length;
    const whole = Buffer.from(new ArrayBuffer(padded(this.#kept.length + piece.length)));
    this.#kept.copy(whole);
    piece.copy(whole, this.#kept.length);
    const length = this.#kept.length + piece.length;
    this.#scan(whole, length);
    this.#kept = Buffer.from(whole.subarray(Math.max(0, length - this.#longest + 1), length));
  }

  /** What comes next stands elsewhere. */
  cut(): void {
    this.#kept = Buffer.alloc(0);
  }

  /** How many different needles of a kind were found. */
  found(kind: Kind): number {
    return [...this.#found].filter((needle) => this.#needles[needle]?.kind === kind).length;
  }

  #expect(form: Form): void {
    const word = form.bytes.readUInt32LE(form.at);
    this.#filter[hash(word)] = 1;
    this.#forms.set(word, [...(this.#forms.get(word) ?? []), form]);
  }

  #scan(whole: Buffer, length: number): void {
    const words = new Uint32Array(whole.buffer, whole.byteOffset, whole.length / WORD);
    const filter = this.#filter;
    for (let i = 0; i < words.length; i++) {
      const word = words[i] as number;
      if (filter[hash(word)] === 0) continue;
      for (const { needle, bytes, at } of this.#forms.get(word) ?? []) {
        const start = i * WORD - at;
        const fits = start >= 0 && start + bytes.length <= length;
        if (fits && whole.compare(bytes, 0, bytes.length, start, start + bytes.length) === 0) this.#found.add(needle);
      }
    }
  }
}

const hash = (word: number): number => (word ^ (word >>> 16)) & 0xffff;
const padded = (length: number): number => Math.ceil(length / WORD) * WORD;

function formsOf(bytes: Buffer): Buffer[] {
  const hex = bytes.toString('hex');
  return [bytes, Buffer.from(hex), Buffer.from(hex.toUpperCase()), ...inBase64(bytes)];
}

/** How a longer text would have these bytes inside, wherever they begin in it: without the characters at the edges. */
export function inBase64(bytes: Buffer): Buffer[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(4, -4);
    const url = text.replaceAll('+', '-').replaceAll('/', '_');
    return [...new Set([text, url])].map((one) => Buffer.from(one));
  });
}

/** Where the seven bytes begin that stand together least often elsewhere: a word of zeros would be met everywhere. */
function mostTelling(form: Buffer): number {
  const width = 2 * WORD - 1;
  let best = { start: 0, different: 0 };
  for (let start = 0; start + width <= form.length; start++) {
    const words = [0, 1, 2, 3].map((at) => new Set(form.subarray(start + at, start + at + WORD)).size);
    const different = Math.min(...words);
    if (different > best.different) best = { start, different };
  }
  return best.start;
}

/** What takes bytes from wherever they come. */
export type Searcher = Pick<Search<never>, 'push' | 'cut'>;

/** @returns the files that were looked through; what has gone meanwhile is none */
export async function searchFiles(search: Searcher, paths: readonly string[]): Promise<string[]> {
  const searched: string[] = [];
  for (const path of paths) {
    search.cut();
    try {
      for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) search.push(piece as Buffer);
      searched.push(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  search.cut();
  return searched;
}

/** Every regular file in a folder and below. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
