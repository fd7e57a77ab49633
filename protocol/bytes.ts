// Bounded big-endian reading and writing. Every parser of the wire goes through Reader, so that no length is believed
// before it is checked and no byte is left over (T14).
import { Refusal } from './codes.ts';

/** Bytes in memory of their own kind, never shared memory; WebCrypto asks for exactly this. */
export type Bytes = Uint8Array<ArrayBuffer>;

const text = { encode: new TextEncoder(), decode: new TextDecoder('utf-8', { fatal: true }) };

/** Reads one complete message from front to back. Every method throws MALFORMED when the bytes do not suffice. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #offset = 0;

  /** @param what names the message in the audit reason, for example "hello" */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  #take(length: number): number {
    if (length > this.left) throw new Refusal('MALFORMED', `${this.#what}: ${length} bytes wanted, ${this.left} left`);
    const at = this.#offset;
    this.#offset += length;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** 48 bits fit a JavaScript number exactly. */
  u48(): number {
    const at = this.#take(6);
    return this.#view.getUint16(at) * 0x1_0000_0000 + this.#view.getUint32(at + 2);
  }

  /** A u64 that must fit 53 bits. @throws MALFORMED above that */
  u64(): number {
    const value = this.#view.getBigUint64(this.#take(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Refusal('MALFORMED', `${this.#what}: u64 above 2^53`);
    return Number(value);
  }

  /** The next `length` bytes, copied, so that the message's memory is not kept alive by one field. */
  bytes(length: number): Bytes {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length) as Bytes;
  }

  /** A field with a u16 length in front, at most `max` bytes. */
  vector(max: number): Bytes {
    const length = this.u16();
    if (length > max)
      throw new Refusal('MALFORMED', `${this.#what}: a field of ${length} bytes, at most ${max} allowed`);
    return this.bytes(length);
  }

  /** A vector of UTF-8. */
  text(max: number): string {
    const bytes = this.vector(max);
    try {
      return text.decode.decode(bytes);
    } catch {
      throw new Refusal('MALFORMED', `${this.#what}: not UTF-8`);
    }
  }

  /** The rest must be zero padding. @throws MALFORMED otherwise, since padding must not carry anything */
  padding(): void {
    while (this.left > 0) if (this.u8() !== 0) throw new Refusal('MALFORMED', `${this.#what}: padding is not zero`);
  }

  /** @throws MALFORMED if a byte is left over */
  end(): void {
    if (this.left !== 0) throw new Refusal('MALFORMED', `${this.#what}: ${this.left} bytes left over`);
  }
}

/** Collects fields and hands them out once, at their exact total length. */
export class Writer {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  #number(length: number, write: (view: DataView) => void): this {
    const part = new Uint8Array(length);
    write(new DataView(part.buffer));
    return this.bytes(part);
  }

  u8(value: number): this {
    return this.#number(1, (view) => view.setUint8(0, value));
  }

  u16(value: number): this {
    return this.#number(2, (view) => view.setUint16(0, value));
  }

  u32(value: number): this {
    return this.#number(4, (view) => view.setUint32(0, value));
  }

  u48(value: number): this {
    return this.#number(6, (view) => {
      view.setUint16(0, Math.floor(value / 0x1_0000_0000));
      view.setUint32(2, value % 0x1_0000_0000);
    });
  }

  u64(value: number): this {
    return this.#number(8, (view) => view.setBigUint64(0, BigInt(value)));
  }

  bytes(part: Uint8Array): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }

  /** A u16 length, then the bytes. */
  vector(part: Uint8Array): this {
    return this.u16(part.length).bytes(part);
  }

  text(value: string): this {
    return this.vector(text.encode.encode(value));
  }

  /** Zero bytes up to `length` in all. */
  pad(length: number): this {
    return this.bytes(new Uint8Array(length - this.#length));
  }

  done(): Bytes {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

export function concat(...parts: Uint8Array[]): Bytes {
  const writer = new Writer();
  for (const part of parts) writer.bytes(part);
  return writer.done();
}

export function utf8(value: string): Bytes {
  return text.encode.encode(value) as Bytes;
}

/** Compares without an early exit, so that the time tells nothing about the place of a difference. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param length in bytes. @throws MALFORMED unless the text is exactly that many bytes of lower-case hex */
export function fromHex(hex: string, length: number): Bytes {
  if (hex.length !== 2 * length || !/^[0-9a-f]*$/.test(hex)) throw new Refusal('MALFORMED', 'hex expected');
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** @throws MALFORMED unless the text is base64url without padding */
export function fromBase64Url(value: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(value) || value.length % 4 === 1) throw new Refusal('MALFORMED', 'base64url expected');
  return Uint8Array.from(atob(value.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
}
