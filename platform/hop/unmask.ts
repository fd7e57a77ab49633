// The XOR of RFC 6455 §5.3. A browser masks everything it sends with random keys.

/** Below this a view of 32-bit words costs more than it saves. */
const WORDS_FROM_BYTES = 64;

/** The key in the order of the bytes in memory, whatever that is on this machine. */
const word = new Int32Array(1);
const wordBytes = new Uint8Array(word.buffer);

/** Masks and unmasks, in place. @param key the four bytes as a big-endian number; 0 costs nothing */
export function unmask(bytes: Uint8Array, key: number): void {
  if (key === 0) return;
  if (bytes.length < WORDS_FROM_BYTES) {
    unmaskBytes(bytes, key, 0, bytes.length);
    return;
  }
  const start = -bytes.byteOffset & 3;
  const count = (bytes.length - start) >> 2;
  for (let i = 0; i < 4; i++) wordBytes[i] = keyByte(key, start + i);
  const turned = word[0] as number;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, count);
  unmaskBytes(bytes, key, 0, start);
  for (let i = 0; i < count; i++) words[i] = (words[i] as number) ^ turned;
  unmaskBytes(bytes, key, start + 4 * count, bytes.length);
}

function unmaskBytes(bytes: Uint8Array, key: number, from: number, to: number): void {
  for (let i = from; i < to; i++) bytes[i] = (bytes[i] as number) ^ keyByte(key, i);
}

function keyByte(key: number, i: number): number {
  return (key >>> (24 - 8 * (i & 3))) & 0xff;
}
