// Who waits, by network: networks take turns, and within one the first comes first (T25).

export class Turns<Waiting extends { readonly network: string }> {
  readonly #networks = new Map<string, Set<Waiting>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(waiting: Waiting): void {
    const queue = this.#networks.get(waiting.network);
    if (queue) queue.add(waiting);
    else this.#networks.set(waiting.network, new Set([waiting]));
    this.#size++;
  }

  delete(waiting: Waiting): void {
    const queue = this.#networks.get(waiting.network);
    if (!queue?.delete(waiting)) return;
    this.#size--;
    if (queue.size === 0) this.#networks.delete(waiting.network);
  }

  /** Whose turn it is; null if nobody waits. */
  next(): Waiting | null {
    const [queue] = this.#networks.values();
    const [first] = queue ?? [];
    if (!queue || !first) return null;
    this.delete(first);
    // The network goes to the end of the line.
    if (this.#networks.delete(first.network)) this.#networks.set(first.network, queue);
    return first;
  }
}
