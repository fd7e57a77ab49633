// Deficit round robin (Shreedhar and Varghese, 1995): whose turn it is, so that everybody who has something to send gets
// the same number of bytes, whatever the sizes of the records. Knows neither bytes nor time.
//
// In the form that lets a member run into debt by one record: nobody has to wait until a quantum larger than any record
// has come together, so turns stay short. A member leaves only after its debt is paid; leaving and coming back gains
// nothing.

export interface Member {
  /** Bytes that it may still send in this turn. */
  deficit: number;
}

/** send: has something that may go. wait: has something that may not go yet; keeps its place. leave: has nothing. */
export type Wish = 'send' | 'wait' | 'leave';

export class Round<M extends Member> {
  #turns: M[] = [];
  /** Bytes that each member gets in a turn. */
  quantum: number;

  constructor(quantum: number) {
    this.quantum = quantum;
  }

  /** At the end of the round. */
  join(member: M): void {
    this.#turns.push(member);
  }

  /** @returns everybody who was in it */
  clear(): M[] {
    return this.#turns.splice(0);
  }

  /**
   * Whose turn it is; its deficit is then above zero, and the caller takes off what it sends.
   * @param left is told who has left the round
   * @returns null if nobody may send
   */
  next(wishOf: (member: M) => Wish, left: (member: M) => void): M | null {
    for (let waiting = 0; waiting < this.#turns.length; ) {
      const member = this.#turns[0] as M;
      const wish = wishOf(member);
      if (wish === 'wait') {
        waiting++;
        this.#toTheEnd();
      } else if (member.deficit <= 0) {
        waiting = 0;
        member.deficit += this.quantum;
        this.#toTheEnd();
      } else if (wish === 'leave') {
        this.#turns.shift();
        left(member);
      } else return member;
    }
    return null;
  }

  #toTheEnd(): void {
    this.#turns.push(this.#turns.shift() as M);
  }
}
