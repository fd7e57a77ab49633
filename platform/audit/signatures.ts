// Verifying a log's signatures as its lines pass. Each checkpoint is signed by the key that the one before named, so that
// whoever trusts one of them, by an anchor, can trust all that follow: the key that could have signed otherwise was erased.
import { isSignedBy } from './checkpoint.ts';
import type { Line } from './line.ts';

/**
 * Checkpoints are ten minutes apart at most. Who has cut a log behind one and goes on without its keys can sign no more, and
 * an end like that is not one that only waits for its checkpoint.
 */
const UNSIGNED_MAX_MS = 30 * 60_000;

/** "any": a line was lost that may have named another, so the next one that is named is taken. */
type Expected = { next: string } | 'none yet' | 'any';

export class SignatureCheck {
  #expected: Expected = 'none yet';
  /** The event that first named a key, and the last checkpoint whose signature holds. */
  since: number | null = null;
  last: Line | null = null;

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
    this.last = line;
    return null;
  }

  /** @returns what is wrong with an end that is not signed, given the last line of the log, or null */
  checkEnd({ time }: Line): string | null {
    if (!this.last || Date.parse(time) - Date.parse(this.last.time) <= UNSIGNED_MAX_MS) return null;
    return `no checkpoint after event ${this.last.sequence} of ${this.last.time}, though events go on until ${time}`;
  }

  /** A line could not be read. */
  lineLost(): void {
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
