// What a row of the cryptographic inventory says.
import type { Said } from '../../proof.ts';

/**
 * The row of the CRYPTREC list, as far as it could be checked. The list itself was not readable here: `summary` is what
 * public summaries of LS-0001-2022R2 (30 March 2026) say, and not a quotation.
 */
export type Cryptrec =
  | { readonly list: 'recommended' | 'pqc'; readonly name: string; readonly checked: 'summary' }
  | { readonly list: 'not checked'; readonly name: string }
  | { readonly list: 'not on it' };

export interface InventoryRow {
  readonly use: Said;
  readonly algorithm: string;
  readonly size: string;
  readonly standard: string;
  readonly cryptrec: Cryptrec;
  /** Why something weaker than the rest is there all the same, and what bounds it. */
  readonly exception?: Said;
  /** File → calls, as primitives.ts writes them. */
  readonly calls: Readonly<Record<string, readonly string[]>>;
  /** What record-primitives.mjs sees besides: calls of libraries, and those whose algorithm the source computes. */
  readonly atRunTime?: readonly string[];
}

export const recommended = (name: string): Cryptrec => ({ list: 'recommended', name, checked: 'summary' });
export const notChecked = (name: string): Cryptrec => ({ list: 'not checked', name });
export const NOT_ON_IT: Cryptrec = { list: 'not on it' };
