// Bytes that have arrived and were not read yet, cut anywhere by the network.

/** Chunks are kept, not copied: do not write into one after appending it. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are read already. */
  #offset = 0;
  #length = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  append(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /**
   * The next `count` bytes, or null while there are fewer. Nothing is allocated before all of them are here.
   * A view of a chunk where they lie in one, else a copy.
   */
  take(count: number): Uint8Array | null {
    if (count > this.#length) return null;
    const first = this.#chunks[0];
    if (first && first.length - this.#offset >= count) {
      const view = first.subarray(this.#offset, this.#offset + count);
      this.drop(count);
      return view;
    }
    const copy = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const chunk = this.#chunks[0];
      if (!chunk) throw new Error('internal: the queue holds less than its length');
      const part = chunk.subarray(this.#offset, this.#offset + count - filled);
      copy.set(part, filled);
      filled += part.length;
      this.drop(part.length);
    }
    return copy;
  }

  /** Forgets up to `count` of the next bytes. @returns how many */
  drop(count: number): number {
    const dropped = Math.min(count, this.#length);
    this.#length -= dropped;
    this.#offset += dropped;
    for (let first = this.#chunks[0]; first && this.#offset >= first.length; first = this.#chunks[0]) {
      this.#offset -= first.length;
      this.#chunks.shift();
    }
    return dropped;
  }
}
