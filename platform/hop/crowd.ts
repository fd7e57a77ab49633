// A bounded set in which no network crowds the others out (T25).

export class Crowd<Member extends { readonly network: string }> {
  readonly #max: number;
  /** Each network's members, the oldest first. */
  readonly #networks = new Map<string, Set<Member>>();
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  of(network: string): number {
    return this.#networks.get(network)?.size ?? 0;
  }

  /**
   * @returns whom there is no room for any more, and who is no member from now on: the oldest of the network that has the
   * most. Whoever floods gives up its own; whoever comes alone stays for as long as any other network has two.
   */
  add(member: Member): Member | null {
    const members = this.#networks.get(member.network) ?? new Set<Member>();
    this.#networks.set(member.network, members.add(member));
    this.#size++;
    if (this.#size <= this.#max) return null;
    const [oldest = null] = this.#largest();
    if (oldest) this.delete(oldest);
    return oldest;
  }

  delete(member: Member): void {
    const members = this.#networks.get(member.network);
    if (!members?.delete(member)) return;
    this.#size--;
    if (members.size === 0) this.#networks.delete(member.network);
  }

  #largest(): Set<Member> {
    let largest = new Set<Member>();
    for (const members of this.#networks.values()) if (members.size > largest.size) largest = members;
    return largest;
  }
}
