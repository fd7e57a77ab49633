// Deficit round robin (Shreedhar and Varghese, 1995): whose turn it is, so that everybody who has something to send gets
// the same number of bytes, whatever the sizes of the records. Knows neither bytes nor time.
//
// In the form that lets a member run into debt by one record: nobody has to wait until a quantum larger than any record
// has come together, so turns stay short. A member leaves only after its debt is paid; leaving and coming back at once
// gains nothing. But what the others had while it was away it may catch up with, up to a bound: whoever is behind has turns
// in a round of its own, which goes first. So a page that is scrolled now and then is not held up by a film.

export interface Member {
  /** Bytes that it may still send in this turn. */
  deficit: number;
  /** Bytes that it may still catch up with. */
  behind: number;
  /** What a member that never left had had by the time this one did. */
  leftAt: number;
}

/** send: has something that may go. wait: has something that may not go yet; keeps its place. leave: has nothing. */
export type Wish = 'send' | 'wait' | 'leave';

export class Round<M extends Member> {
  readonly #behind: M[] = [];
  readonly #even: M[] = [];
  /** What a member that never left has had by now: each byte that was sent, shared among those who wanted to. */
  #served = 0;
  /** Bytes that each member gets in a turn. */
  quantum: number;
  /** Bytes that a member may catch up with at most. */
  catchUpMax: number;

  constructor(quantum: number, catchUpMax: number) {
    this.quantum = quantum;
    this.catchUpMax = catchUpMax;
  }

  /** At the end of its round. */
  join(member: M): void {
    member.deficit = this.quantum;
    member.behind = Math.min(this.catchUpMax, this.#served - member.leftAt);
    (member.behind > 0 ? this.#behind : this.#even).push(member);
  }

  /** Of a member, in its turn or out of it. */
  sent(member: M, bytes: number): void {
    member.deficit -= bytes;
    member.behind -= bytes;
    this.#served += bytes / Math.max(1, this.#behind.length + this.#even.length);
  }

  /** @returns everybody who was in it */
  clear(): M[] {
    const all = [...this.#behind.splice(0), ...this.#even.splice(0)];
    for (const member of all) member.leftAt = this.#served;
    return all;
  }

  /**
   * Whose turn it is; its deficit is then above zero, and the caller says what it sent.
   * @param left is told who has left the round
   * @returns null if nobody may send
   */
  next(wishOf: (member: M) => Wish, left: (member: M) => void): M | null {
    return this.#nextOf(this.#behind, wishOf, left) ?? this.#nextOf(this.#even, wishOf, left);
  }

  #nextOf(turns: M[], wishOf: (member: M) => Wish, left: (member: M) => void): M | null {
    for (let waiting = 0; waiting < turns.length; ) {
      const member = turns[0] as M;
      const wish = wishOf(member);
      if (turns === this.#behind && member.behind <= 0) {
        turns.shift();
        this.#even.push(member);
      } else if (wish === 'wait') {
        waiting++;
        turns.push(turns.shift() as M);
      } else if (member.deficit <= 0) {
        waiting = 0;
        member.deficit += this.quantum;
        turns.push(turns.shift() as M);
      } else if (wish === 'leave') {
        turns.shift();
        member.leftAt = this.#served - Math.max(0, member.behind);
        left(member);
      } else return member;
    }
    return null;
  }
}
