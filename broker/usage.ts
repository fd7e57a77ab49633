// What a municipality has used in a month, and how it lies in the state.
//
//   usage/2026-11/LIFE   →   { "131016": Usage, … }
//
// LIFE is one run of one broker process. A row has one writer, who writes its whole totals each time: a write that
// is repeated, or whose outcome nobody knows, counts nothing twice, and any number of brokers can meter into one
// store. What was used is the sum over the lives.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import type { Store } from '#platform/state/store.ts';
import { MUNICIPALITY } from '#protocol/names.ts';

const count = z.int().min(0);
const traffic = z.strictObject({
  /** Sealed records as the two ends made them, header and tag included. */
  payloadBytes: count,
  /** The same on the line: WebSocket, TLS, TCP and IP headers added, as the shaping counts them. */
  wireBytes: count,
});

export const usageSchema = z.strictObject({
  /** Sessions that began in the month. */
  sessions: count,
  /** From paired to the end, the part within the month. */
  sessionMs: count,
  /** Client to agent. */
  inward: traffic,
  /** Agent to client. */
  outward: traffic,
});

export type Usage = z.infer<typeof usageSchema>;

const rowSchema = z.record(z.string().regex(MUNICIPALITY), usageSchema);
const PREFIX = 'usage/';
export const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;

/** Japan's own month, since that is what is billed; JST is UTC+9 the whole year. @param ms since 1970 */
export function monthOf(ms: number): string {
  return new Date(ms + 9 * 3_600_000).toISOString().slice(0, 7);
}

export const usageKey = (month: string, life: string): string => `${PREFIX}${month}/${life}`;

export function noUsage(): Usage {
  return {
    sessions: 0,
    sessionMs: 0,
    inward: { payloadBytes: 0, wireBytes: 0 },
    outward: { payloadBytes: 0, wireBytes: 0 },
  };
}

export function addUsage(a: Usage, b: Usage): Usage {
  const both = (way: 'inward' | 'outward') => ({
    payloadBytes: a[way].payloadBytes + b[way].payloadBytes,
    wireBytes: a[way].wireBytes + b[way].wireBytes,
  });
  return {
    sessions: a.sessions + b.sessions,
    sessionMs: a.sessionMs + b.sessionMs,
    inward: both('inward'),
    outward: both('outward'),
  };
}

/** The months in which anything was used, oldest first. */
export async function usedMonths(store: Store): Promise<string[]> {
  const keys = (await store.list(PREFIX)).map(({ key }) => key.slice(PREFIX.length, PREFIX.length + 7));
  return [...new Set(keys)];
}

/**
 * @param month "2026-11"
 * @returns municipality → what it used, over all brokers, in the order of the codes
 * @throws Failure for a row of another form: a bill that leaves something out unseen would be worse than none
 */
export async function usageIn(store: Store, month: string): Promise<Map<string, Usage>> {
  const total = new Map<string, Usage>();
  for (const { key, value } of await store.list(`${PREFIX}${month}/`)) {
    const row = rowSchema.safeParse(value);
    if (!row.success) throw new Failure(`the metered usage ${key} cannot be read; was it written by another version?`);
    for (const [municipality, usage] of Object.entries(row.data)) {
      total.set(municipality, addUsage(total.get(municipality) ?? noUsage(), usage));
    }
  }
  return new Map([...total].sort(([a], [b]) => (a < b ? -1 : 1)));
}
