// Bytes of one connection in, whole WebSocket messages out, one at a time and only when asked for: whoever pauses simply
// stops asking. Everything is bounded by the header before anything is allocated or copied (T14).
//
//   header   at least two bytes are needed to judge it, at most eight to know it   ──▶ payload
//   payload  in one chunk: handed out as a view; over several: put together        ──▶ header
import { isUtf8 } from 'node:buffer';
import { LINK_MESSAGE_MAX_BYTES, RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { FIN, FRAME_HEADER_MAX_BYTES, LENGTH_7_MAX, LENGTH_U16, MASK, MASK_BYTES, Opcode, Status } from './frame.ts';
import { unmask } from './unmask.ts';

/** The peer broke RFC 6455; `status` is what it is closed with (§7.4.1). Never holds anything that the peer sent. */
export class FrameError extends Error {
  readonly status: Status;

  constructor(status: Status, message: string) {
    super(message);
    this.status = status;
  }
}

/** No peer of ours fragments; a browser may, a little. */
const FRAGMENTS_MAX = 16;

const EMPTY = Buffer.alloc(0);
const OPCODES: ReadonlySet<number> = new Set(Object.values(Opcode));
const isControl = (opcode: Opcode) => opcode >= Opcode.close;

export class FrameReader {
  /**
   * Of the message that `next` returned, until the next call; a view into what came in, and no longer needed by the
   * reader. A text is valid UTF-8; a close is empty, or a valid status and a reason in UTF-8.
   */
  payload: Buffer = EMPTY;
  /** Bytes in front of `payload` that held its header and are free now. */
  headroom = 0;

  readonly #masked: boolean;
  #chunk: Buffer = EMPTY;
  #at = 0;

  /** The frame whose payload is being read; null while a header is. */
  #opcode: Opcode | null = null;
  #fin = false;
  #length = 0;
  #key = 0;
  #headerBytes = 0;
  /** Of a payload that began in an earlier chunk; `#filled` counts from its start. */
  #assembly: Buffer | null = null;
  #filled = 0;

  /** The message whose fragments are coming. */
  #fragmented: Opcode | null = null;
  #fragments = 0;
  #joined: Buffer = EMPTY;

  /** @param masked whether every frame must be masked (from a dialling end), or none may be */
  constructor(masked: boolean) {
    this.#masked = masked;
  }

  /** What came in. It is not copied, and changed in place where it is masked. */
  push(chunk: Buffer): void {
    const unread = this.#at < this.#chunk.length;
    this.#chunk = unread ? joined(this.#chunk.subarray(this.#at), chunk) : chunk;
    this.#at = 0;
  }

  /**
   * The next message, or control frame between the fragments of one, now in `payload` and `headroom`; null if more bytes
   * are needed.
   * @throws FrameError; the reader must not be asked again
   */
  next(): Opcode | null {
    this.payload = EMPTY;
    for (;;) {
      if (this.#opcode === null) this.#opcode = this.#readHeader();
      if (this.#opcode === null || !this.#readPayload()) {
        this.#keepRest();
        return null;
      }
      const message = this.#complete(this.#opcode);
      this.#opcode = null;
      if (message === null) continue;
      check(message, this.payload);
      return message;
    }
  }

  /**
   * At most the bytes of a header that was cut, as a copy: the slabs of 64 KiB that Node reads into are shared by all
   * connections, and an idle one must keep none of them alive.
   */
  #keepRest(): void {
    const left = this.#chunk.subarray(this.#at);
    this.#chunk = left.length === 0 ? EMPTY : joined(left, EMPTY);
    this.#at = 0;
  }

  #readHeader(): Opcode | null {
    const chunk = this.#chunk;
    const at = this.#at;
    const left = chunk.length - at;
    if (left < 2) return null;
    const [first, second] = [chunk[at] as number, chunk[at + 1] as number];
    const opcode = this.#checkStart(first, second);
    const short = second & 0x7f;
    const header = (short === LENGTH_U16 ? 4 : 2) + (this.#masked ? MASK_BYTES : 0);
    if (left < header) return null;
    this.#length = short === LENGTH_U16 ? chunk.readUInt16BE(at + 2) : short;
    if (short === LENGTH_U16 && this.#length <= LENGTH_7_MAX) {
      throw new FrameError(Status.protocolError, 'a length that is not written in the shortest way');
    }
    this.#checkLength(opcode);
    this.#fin = (first & FIN) !== 0;
    this.#key = this.#masked ? chunk.readInt32BE(at + header - MASK_BYTES) : 0;
    this.#headerBytes = header;
    this.#at = at + header;
    return opcode;
  }

  /** What the first two bytes of a header tell. */
  #checkStart(first: number, second: number): Opcode {
    const opcode = first & 0x0f;
    if ((first & 0x70) !== 0) throw new FrameError(Status.protocolError, 'a reserved bit is set');
    if (!OPCODES.has(opcode)) throw new FrameError(Status.protocolError, 'an unknown opcode');
    if (((second & MASK) !== 0) !== this.#masked) {
      throw new FrameError(Status.protocolError, this.#masked ? 'a frame without a mask' : 'a frame with a mask');
    }
    if (isControl(opcode as Opcode)) {
      if ((first & FIN) === 0) throw new FrameError(Status.protocolError, 'a control frame in fragments');
      if ((second & 0x7f) > LENGTH_7_MAX)
        throw new FrameError(Status.protocolError, 'a control frame that is too long');
    } else if ((opcode === Opcode.continuation) !== (this.#fragmented !== null)) {
      throw new FrameError(Status.protocolError, 'a fragment out of place');
    }
    if ((second & 0x7f) > LENGTH_U16) throw new FrameError(Status.tooBig, 'a length of 64 bits');
    return opcode as Opcode;
  }

  #checkLength(opcode: Opcode): void {
    if (isControl(opcode)) return;
    const most = (this.#fragmented ?? opcode) === Opcode.text ? LINK_MESSAGE_MAX_BYTES : RECORD_MAX_BYTES;
    if (this.#joined.length + this.#length > most) throw new FrameError(Status.tooBig, 'a message above its limit');
  }

  #readPayload(): boolean {
    const left = this.#chunk.length - this.#at;
    if (this.#assembly === null && left >= this.#length) {
      this.payload = this.#chunk.subarray(this.#at, this.#at + this.#length);
      this.headroom = this.#headerBytes;
      this.#at += this.#length;
    } else {
      const whole = FRAME_HEADER_MAX_BYTES + this.#length;
      if (this.#assembly === null) {
        // Not from the pool, which a record that waits would keep alive.
        this.#assembly = Buffer.allocUnsafeSlow(whole);
        this.#filled = FRAME_HEADER_MAX_BYTES;
      }
      const taken = this.#chunk.copy(this.#assembly, this.#filled, this.#at);
      this.#at += taken;
      this.#filled += taken;
      if (this.#filled < whole) return false;
      this.payload = this.#assembly.subarray(FRAME_HEADER_MAX_BYTES);
      this.headroom = FRAME_HEADER_MAX_BYTES;
      this.#assembly = null;
    }
    unmask(this.payload, this.#key);
    return true;
  }

  /** @returns what the frame completes, or null if fragments are still to come */
  #complete(opcode: Opcode): Opcode | null {
    if (isControl(opcode) || (this.#fin && this.#fragmented === null)) return opcode;
    if (++this.#fragments > FRAGMENTS_MAX) throw new FrameError(Status.tooBig, 'too many fragments');
    this.#fragmented ??= opcode;
    this.#joined = joined(this.#joined, this.payload);
    if (!this.#fin) return null;
    const message = this.#fragmented;
    this.payload = this.#joined;
    this.headroom = 0;
    this.#fragmented = null;
    this.#fragments = 0;
    this.#joined = EMPTY;
    return message;
  }
}

/** In memory of their own, not in a pool that they would keep alive. */
function joined(a: Buffer, b: Buffer): Buffer {
  const both = Buffer.allocUnsafeSlow(a.length + b.length);
  a.copy(both);
  b.copy(both, a.length);
  return both;
}

/** What RFC 6455 demands of a payload: §5.5.1, §5.6, §7.4. */
function check(message: Opcode, payload: Buffer): void {
  if (message === Opcode.text && !isUtf8(payload)) throw new FrameError(Status.notUtf8, 'a text that is not UTF-8');
  if (message !== Opcode.close || payload.length === 0) return;
  if (payload.length === 1 || !isStatus(payload.readUInt16BE())) {
    throw new FrameError(Status.protocolError, 'a close without a valid status');
  }
  if (!isUtf8(payload.subarray(2))) throw new FrameError(Status.notUtf8, 'a reason that is not UTF-8');
}

/** RFC 6455 §7.4: 1004 to 1006 and 1015 never travel, and below 3000 only what is registered does. */
function isStatus(status: number): boolean {
  if (status >= 3000) return status < 5000;
  return status >= 1000 && status <= 1014 && !(status >= 1004 && status <= 1006);
}
