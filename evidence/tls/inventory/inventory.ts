// The cryptographic inventory: every algorithm of the product, what for, how long, by which standard, and the calls in the
// sources that make it up. Lengths come from the product's own constants. primitives.ts reads the calls off the sources, and a
// call that is in no row, or a row's call that is gone, fails the proof and the test. docs/crypto-inventory.md is made of it.
import { ENDS } from './ends.ts';
import { HOPS } from './hops.ts';
import type { InventoryRow } from './row.ts';
import { SIGN_IN } from './sign-in.ts';

export const INVENTORY: readonly InventoryRow[] = [...HOPS, ...ENDS, ...SIGN_IN];

export interface Comparison {
  /** Calls in the sources that no row has, as "file: call". */
  readonly unlisted: readonly string[];
  /** Calls of a row that are in the sources no more. */
  readonly gone: readonly string[];
}

/** @param found by primitivesOf */
export function compare(found: ReadonlyMap<string, readonly string[]>): Comparison {
  const all = (calls: Iterable<readonly [string, readonly string[]]>) =>
    new Set([...calls].flatMap(([file, names]) => names.map((name) => `${file}: ${name}`)));
  const listed = all(INVENTORY.flatMap(({ calls }) => Object.entries(calls)));
  const inSources = all(found);
  return {
    unlisted: [...inSources].filter((one) => !listed.has(one)),
    gone: [...listed].filter((one) => !inSources.has(one)),
  };
}

/** Of what ran. @param recorded by record-primitives.mjs. @returns what no row accounts for */
export function unaccounted(recorded: readonly string[]): string[] {
  const rows = INVENTORY.flatMap(({ calls, atRunTime = [] }) => [...Object.values(calls).flat(), ...atRunTime]);
  const known = rows.map((name) => name.toLowerCase());
  return recorded.filter((call) => !known.some((name) => fits(call.toLowerCase(), name)));
}

function fits(call: string, name: string): boolean {
  const [called = '', given = ''] = call.split(/[()]/);
  const [listed = '', algorithm = ''] = name.split(/[()]/);
  // A key pair's size stands behind its algorithm.
  return called === listed && (algorithm === given || algorithm.startsWith(`${given} `));
}
