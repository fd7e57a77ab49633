// Records as a relay sees them: a right header and a body that nobody opens.
import { writeHeader } from '#protocol/header.ts';
import type { Lane } from '#protocol/lanes.ts';
import { HEADER_BYTES, TAG_BYTES } from '#protocol/limits.ts';

/** @param plaintext its length in bytes */
export function record(lane: Lane, sequence: number, plaintext: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + plaintext + TAG_BYTES, 0x5a);
  writeHeader(bytes, { lane, sequence });
  return bytes;
}
