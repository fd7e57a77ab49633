// What an RFB server says before its first update (RFC 6143 §7.1–7.3), played to noVNC inside the page: the session is
// already open and verified, so there is nothing to negotiate and nothing of this is sent. One pixel format, a fixed name.
import { type Bytes, utf8, Writer } from '#protocol/bytes.ts';
import { PIXEL_FORMAT } from '#protocol/inner/profile.ts';
import type { Size } from '#protocol/inner/screen/rectangle.ts';

export const VERSION: Bytes = utf8('RFB 003.008\n');
/** How many bytes the client says after each step. */
export const CLIENT_VERSION_BYTES = 12;
export const CLIENT_SECURITY_BYTES = 1;
export const CLIENT_INIT_BYTES = 1;

/** One security type: None. */
export const SECURITY: Bytes = Uint8Array.of(1, 1);
export const SECURITY_RESULT: Bytes = Uint8Array.of(0, 0, 0, 0);

/** The same for every desktop: the page shows the name itself, as text. */
const NAME = utf8('desktop');

export function serverInit({ width, height }: Size): Bytes {
  return new Writer().u16(width).u16(height).bytes(PIXEL_FORMAT).u32(NAME.length).bytes(NAME).done();
}

const FRAMEBUFFER_UPDATE = 0;
const SERVER_FENCE = 248;
const FENCE_REQUEST = 0x8000_0000;
const FENCE_BLOCK_BEFORE = 1;

/**
 * Asks whether everything before it is drawn. noVNC draws pictures later than it reads them, but reads no second update
 * while one is undrawn: an empty update waits for the queue, and the fence behind it is answered after that.
 * @param updates u32, comes back in the answer
 */
export function drawnQuestion(updates: number): Bytes {
  const empty = new Writer().u8(FRAMEBUFFER_UPDATE).u8(0).u16(0);
  return empty
    .u8(SERVER_FENCE)
    .u8(0)
    .u16(0)
    .u32(FENCE_REQUEST | FENCE_BLOCK_BEFORE)
    .u8(4)
    .u32(updates)
    .done();
}
