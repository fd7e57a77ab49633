// Verifying a log's signatures as its lines pass. Each checkpoint is signed by the key that the one before named, so that
// whoever trusts one of them, by an anchor, can trust all that follow: the key that could have signed otherwise was erased.
import { isSignedBy } from './checkpoint.ts';
import type { Line } from './line.ts';

/** "any": a line was lost that may have named another, so the next one that is named is taken. */
type Expected = { next: string } | 'none yet' | 'any';

export class SignatureCheck {
  #expected: Expected = 'none yet';
  /** The event that first named a key, and the last checkpoint whose signature holds. */
  since: number | null = null;
  last: number | null = null;

  /** @returns what is wrong with the line's part in the signatures, or null */
  check(line: Line): string | null {
    const { event, sequence, fields } = line;
    if (event === 'signing-started') return this.#begin(line, this.#expected !== 'none yet');
    if (event === 'log-continued') {
      const other = typeof this.#expected === 'object' && this.#expected.next !== fields.next;
      return this.#begin(line, other);
    }
    if (event !== 'checkpoint') return null;
    // Written by a version that did not sign yet.
    if (this.#expected === 'none yet' && fields.next === undefined && fields.signature === undefined) return null;
    const expected = this.#expected;
    this.#take(line);
    if (expected === 'any') return null;
    const holds =
      expected !== 'none yet' &&
      typeof fields.next === 'string' &&
      isSignedBy({ ...line, next: fields.next }, fields.signature, expected.next);
    if (!holds) return `checkpoint ${sequence} is not signed by the key that was named before it`;
    this.last = sequence;
    return null;
  }

  /** A line could not be read. */
  skip(): void {
    if (this.#expected !== 'none yet') this.#expected = 'any';
  }

  #begin(line: Line, isWrong: boolean): string | null {
    this.#take(line);
    return isWrong ? `event ${line.sequence} names another key than the one that was to sign next` : null;
  }

  #take({ sequence, fields }: Line): void {
    this.#expected = typeof fields.next === 'string' ? { next: fields.next } : 'any';
    this.since ??= sequence;
  }
}
