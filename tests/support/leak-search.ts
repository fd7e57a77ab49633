// What a session must not leave on a disk (I1), and looking for it in every file of a folder, in the shapes it could have.
import { readFileSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import { filesBelow, inBase64 } from '#lab/search.ts';

export const KINDS = ['traffic key', 'key events', 'text', 'tile', 'pixels'] as const;
export type Kind = (typeof KINDS)[number];

export interface Secret {
  readonly kind: Kind;
  readonly bytes: Buffer;
}

/** Fewer different bytes than this could stand anywhere. Two key events have no more than that. */
const DISTINCT_MIN = 5;
const RECORD_MIN_BYTES = 400;
const SLICE_BYTES = 32;
const PIXELS_BYTES = 64;
/** A QEMU key event without its padding. */
const KEY_EVENT_BYTES = 12;
const MOST_OF_A_KIND = 24;

export class Recording {
  readonly #secrets: Secret[] = [];
  readonly #keyEvents: Buffer[] = [];

  get secrets(): readonly Secret[] {
    return KINDS.flatMap((kind) => this.#secrets.filter((secret) => secret.kind === kind).slice(-MOST_OF_A_KIND));
  }

  add(kind: Kind, bytes: Buffer): void {
    if (new Set(bytes).size >= DISTINCT_MIN) this.#secrets.push({ kind, bytes });
  }

  /** In both encodings that a browser has for text. */
  text(text: string): void {
    for (const encoding of ['utf8', 'utf16le'] as const) this.add('text', Buffer.from(text, encoding));
  }

  sealed(plaintext: Buffer): void {
    if (plaintext[0] !== 255) return;
    this.#keyEvents.push(plaintext);
    const [before, last] = this.#keyEvents.slice(-2);
    if (!before || !last) return;
    this.add('key events', Buffer.concat([before, last]));
    this.add('key events', Buffer.concat([before, last].map((event) => event.subarray(0, KEY_EVENT_BYTES))));
  }

  opened(plaintext: Buffer): void {
    if (plaintext.length < RECORD_MIN_BYTES) return;
    for (const part of [0.3, 0.6]) {
      const at = Math.floor(plaintext.length * part);
      this.add('tile', plaintext.subarray(at, at + SLICE_BYTES));
    }
  }

  /** @param rgba a piece of one row of a canvas; a graphics library may hold it the other way round */
  pixels(rgba: Buffer): void {
    const bgra = Buffer.from(rgba);
    for (let i = 0; i + 4 <= bgra.length; i += 4) bgra.subarray(i, i + 3).reverse();
    for (const bytes of [rgba, bgra]) this.add('pixels', bytes.subarray(0, PIXELS_BYTES));
  }
}

/**
 * Learns from inside the page, before any of its scripts runs, what goes into its cryptography and comes out of it. It tells the
 * test at once and keeps nothing; the page itself has no such switch, and its keys are not extractable.
 */
export async function recordCryptography(context: BrowserContext, recording: Recording): Promise<void> {
  const told: Record<string, (bytes: Buffer) => void> = {
    key: (bytes) => recording.add('traffic key', bytes),
    sealed: (bytes) => recording.sealed(bytes),
    opened: (bytes) => recording.opened(bytes),
  };
  await context.exposeBinding('tellTest', (_, what: string, base64: string) =>
    told[what]?.(Buffer.from(base64, 'base64')),
  );
  await context.addInitScript(() => {
    const { tellTest } = window as unknown as { tellTest(what: string, base64: string): void };
    const tell = (what: string, data: BufferSource) => {
      const bytes =
        data instanceof ArrayBuffer
          ? new Uint8Array(data)
          : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      tellTest(what, btoa(String.fromCharCode(...bytes)));
    };
    const subtle = SubtleCrypto.prototype;
    const { importKey, encrypt, decrypt } = subtle;
    subtle.importKey = function (this: SubtleCrypto, ...given: unknown[]) {
      const [format, data, algorithm] = given as [string, BufferSource, string | { name: string }];
      const name = typeof algorithm === 'string' ? algorithm : algorithm.name;
      if (format === 'raw' && (name === 'AES-GCM' || name === 'HMAC')) tell('key', data);
      return importKey.apply(this, given as never);
    } as typeof importKey;
    subtle.encrypt = function (this: SubtleCrypto, ...given) {
      tell('sealed', given[2]);
      return encrypt.apply(this, given);
    };
    subtle.decrypt = async function (this: SubtleCrypto, ...given) {
      const opened = await decrypt.apply(this, given);
      tell('opened', opened);
      return opened;
    };
  });
}

/** Pieces of rows of the canvas, at random places where it is not of few colours. */
export async function recordPixels(page: Page, recording: Recording): Promise<void> {
  const rows = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.desktop-picture canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context) throw new Error('no canvas');
    return Array.from({ length: 400 }, () => {
      const [x, y] = [Math.random() * (canvas.width - 16), Math.random() * canvas.height].map(Math.floor);
      return btoa(String.fromCharCode(...context.getImageData(x ?? 0, y ?? 0, 16, 1).data));
    });
  });
  for (const row of rows) recording.pixels(Buffer.from(row, 'base64'));
}

/** @returns what was found of which kind, and in which file; empty if nothing was */
export function searchFor(secrets: readonly Secret[], folder: string): { kind: Kind; file: string }[] {
  const shapes = secrets.map(({ kind, bytes }) => ({ kind, forms: [bytes, ...inBase64(bytes)] }));
  return filesBelow(folder).flatMap((file) => {
    const content = readFileSync(file);
    const found = shapes.filter(({ forms }) => forms.some((form) => content.includes(form)));
    return [...new Set(found.map(({ kind }) => kind))].map((kind) => ({ kind, file }));
  });
}
