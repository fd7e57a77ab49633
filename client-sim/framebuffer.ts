// The picture as this client has it: the RFB stream drawn into memory, update by update.

import { isResize, type Region } from '#protocol/inner/screen/rectangle.ts';
import { AgentMessages } from '#rfb/agent-messages.ts';
import type { CursorPicture } from '#rfb/cursor.ts';
import { createFramebuffer, type Framebuffer } from '#rfb/framebuffer.ts';
import { drawTight } from '#rfb/tight.ts';
import { decodeJpeg } from './jpeg.ts';

export class ClientFramebuffer {
  /** Called for each rectangle that was drawn. */
  onDrawn: ((region: Region) => void) | null = null;
  /** How many FramebufferUpdates stand in the picture. */
  drawn = 0;
  cursor: CursorPicture | null = null;
  readonly #messages: AgentMessages;
  #picture: Framebuffer;
  /** Pixels of the first picture that are still to come; a Uint8Array of 0 and 1. */
  #missing: { seen: Uint8Array; left: number };
  readonly #complete = Promise.withResolvers<void>();

  /** @param width and height as the agent's ready message said. @throws MALFORMED if that is too large */
  constructor(width: number, height: number) {
    this.#messages = new AgentMessages(
      { width, height },
      {
        tight: async (region, contents) => {
          await drawTight(this.#picture, region, contents, decodeJpeg);
          this.#count(region);
          this.onDrawn?.(region);
        },
        sized: (report) => {
          if (isResize(report)) this.#resize(report.width, report.height);
        },
        cursor: (cursor) => {
          this.cursor = cursor;
        },
        announced: () => {},
        updated: () => {
          this.drawn++;
          if (this.#missing.left === 0) this.#complete.resolve();
        },
        bell: () => {},
      },
    );
    this.#picture = createFramebuffer(width, height);
    this.#missing = { seen: new Uint8Array(width * height), left: width * height };
  }

  /** Draws the next bytes of the stream. Rejects with MALFORMED or MESSAGE_UNKNOWN. */
  push(chunk: Uint8Array): Promise<void> {
    // A Buffer's slice() would be no copy
    return this.#messages.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
  }

  /** Resolves once every pixel of the screen has been drawn. */
  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  get width(): number {
    return this.#picture.width;
  }

  get height(): number {
    return this.#picture.height;
  }

  /** R, G, B, 255; 4 * width bytes a row. Changes while updates come in. */
  get pixels(): Uint8Array {
    return this.#picture.pixels;
  }

  #resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.#picture = createFramebuffer(width, height);
    this.#missing = { seen: new Uint8Array(width * height), left: width * height };
  }

  #count({ x, y, width, height }: Region): void {
    const missing = this.#missing;
    if (missing.left === 0) return;
    for (let row = y; row < y + height; row++) {
      const from = row * this.width + x;
      for (let at = from; at < from + width; at++) {
        if (missing.seen[at] === 0) {
          missing.seen[at] = 1;
          missing.left--;
        }
      }
    }
  }
}
