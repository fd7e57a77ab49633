// Where one Tight rectangle ends and the next begins, without looking into it: what the encoder wrote, cut into its
// rectangles (protocol/inner/screen/tight-format.ts has the layout).
import { Refusal } from '#protocol/codes.ts';
import {
  indexBytes,
  TIGHT_COPY,
  TIGHT_FILL,
  TIGHT_JPEG,
  TIGHT_PALETTE,
  UNCOMPRESSED_BELOW_BYTES,
} from '#protocol/inner/screen/tight-format.ts';

const HEADER_BYTES = 12;

/**
 * @param bytes whole rectangles, as they follow the header of an update
 * @returns each with its header, as views
 * @throws MALFORMED if they do not end where the bytes do
 */
export function splitRectangles(bytes: Uint8Array): Uint8Array[] {
  const rectangles: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = rectangleLength(bytes, at);
    if (at + length > bytes.length) throw new Refusal('MALFORMED', 'tight: a rectangle that is cut off');
    rectangles.push(bytes.subarray(at, at + length));
    at += length;
  }
  return rectangles;
}

function rectangleLength(bytes: Uint8Array, start: number): number {
  const byte = (at: number) => bytes[start + at] ?? 0;
  const width = (byte(4) << 8) | byte(5);
  const height = (byte(6) << 8) | byte(7);
  const body = HEADER_BYTES + 1;
  switch (byte(HEADER_BYTES)) {
    case TIGHT_FILL:
      return body + 3;
    case TIGHT_JPEG:
      return body + counted(byte, body);
    case TIGHT_COPY:
      return body + data(byte, body, width * height * 3);
    case TIGHT_PALETTE: {
      const colours = byte(body + 1) + 1;
      const indexes = body + 2 + 3 * colours;
      return indexes + data(byte, indexes, indexBytes(colours, width, height));
    }
    default:
      throw new Refusal('MALFORMED', `tight: control byte ${byte(HEADER_BYTES)}`);
  }
}

function data(byte: (at: number) => number, at: number, unpacked: number): number {
  return unpacked < UNCOMPRESSED_BELOW_BYTES ? unpacked : counted(byte, at);
}

/** The bytes of a length and of what it counts. */
function counted(byte: (at: number) => number, at: number): number {
  let length = byte(at) & 0x7f;
  if (byte(at) < 0x80) return 1 + length;
  length |= (byte(at + 1) & 0x7f) << 7;
  if (byte(at + 1) < 0x80) return 2 + length;
  return 3 + (length | (byte(at + 2) << 14));
}
