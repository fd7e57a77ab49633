// WebSocket framing (RFC 6455 §5.2), as much as a load generator needs: it must cost less than the relays it measures.

const BINARY = 0x82;
const OPCODE_BINARY = 2;
const OPCODE_CLOSE = 8;
const MASKED = 0x80;
export const FRAME_HEADER_MAX_BYTES = 14;

/** @returns how long the header before `payloadBytes` is */
export function frameHeaderBytes(payloadBytes: number, masked: boolean): number {
  return (payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10) + (masked ? 4 : 0);
}

/** Writes the header of one whole binary message at `offset`. @param masked with the key 0, which changes no byte */
export function writeFrameHeader(into: Buffer, offset: number, payloadBytes: number, masked: boolean): void {
  const mask = masked ? MASKED : 0;
  into[offset] = BINARY;
  if (payloadBytes < 126) into[offset + 1] = mask | payloadBytes;
  else if (payloadBytes < 65_536) {
    into[offset + 1] = mask | 126;
    into.writeUInt16BE(payloadBytes, offset + 2);
  } else {
    into[offset + 1] = mask | 127;
    into.writeBigUInt64BE(BigInt(payloadBytes), offset + 2);
  }
  if (masked)
    into.fill(0, offset + frameHeaderBytes(payloadBytes, false), offset + frameHeaderBytes(payloadBytes, true));
}

/**
 * Takes a stream of frames apart, however it is cut into chunks, and hands on what binary messages carry, piece by
 * piece; other frames are passed over. One continuous stream results, whatever the relay did to the frames' borders.
 */
export class Unframer {
  readonly #piece: (bytes: Buffer) => void;
  readonly #header = Buffer.alloc(FRAME_HEADER_MAX_BYTES);
  #headerBytes = 0;
  #left = 0;
  #binary = false;
  #mask: Buffer | null = null;
  #maskAt = 0;
  /** Messages of another kind than binary, such as MeshCentral's own. */
  otherMessages = 0;
  /** The other side has sent a close; it waits for our end now. */
  closed = false;

  /** @param piece gets views, never copies */
  constructor(piece: (bytes: Buffer) => void) {
    this.#piece = piece;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left === 0) at = this.#readHeader(chunk, at);
      else {
        const end = Math.min(chunk.length, at + this.#left);
        this.#left -= end - at;
        if (this.#binary) this.#piece(this.#unmasked(chunk.subarray(at, end)));
        at = end;
      }
    }
  }

  /** @returns where the payload starts, or the end of the chunk */
  #readHeader(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length) {
      this.#header[this.#headerBytes++] = chunk[at++] as number;
      if (this.#headerBytes < 2 || this.#headerBytes < this.#headerLength()) continue;
      this.#begin();
      break;
    }
    return at;
  }

  #headerLength(): number {
    const second = this.#header[1] as number;
    const length = second & 0x7f;
    return (length < 126 ? 2 : length === 126 ? 4 : 10) + (second & MASKED ? 4 : 0);
  }

  #begin(): void {
    const first = this.#header[0] as number;
    const second = this.#header[1] as number;
    const length = second & 0x7f;
    this.#left =
      length < 126 ? length : length === 126 ? this.#header.readUInt16BE(2) : Number(this.#header.readBigUInt64BE(2));
    const opcode = first & 0x0f;
    // A continuation goes on with what its message began with.
    if (opcode !== 0) this.#binary = opcode === OPCODE_BINARY;
    if (opcode !== 0 && !this.#binary) this.otherMessages++;
    if (opcode === OPCODE_CLOSE) this.closed = true;
    const key = this.#header.subarray(this.#headerBytes - 4, this.#headerBytes);
    this.#mask = second & MASKED && key.readUInt32BE() !== 0 ? Buffer.from(key) : null;
    this.#maskAt = 0;
    this.#headerBytes = 0;
  }

  #unmasked(bytes: Buffer): Buffer {
    const mask = this.#mask;
    if (!mask) return bytes;
    for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] as number) ^ (mask[this.#maskAt++ & 3] as number);
    return bytes;
  }
}
