// What a running broker answers about its meter, over its local socket.
import { join } from 'node:path';
import * as z from 'zod';
import type { LocalHandlers } from '#platform/process/local-socket.ts';
import type { Store } from '#platform/state/store.ts';
import type { UsageRates } from './bill.ts';
import type { TierLabel } from './tiers.ts';
import { MONTH, usageIn, usedMonths } from './usage.ts';

/** The broker's state, in the folder that broker.json names. */
export const stateFile = (folder: string): string => join(folder, 'broker.db');

export interface Terms {
  tier: TierLabel;
  /** null: the provider does not charge by usage. */
  rates: UsageRates | null;
}

const whichMonth = z.strictObject({ month: z.string().regex(MONTH) });

/** @param write writes what waits, so that the answer is of this moment */
export function meterHandlers(parts: { store: Store; write(): Promise<void>; terms(): Terms }): LocalHandlers {
  return {
    'meter.terms': () => parts.terms(),
    async 'meter.months'() {
      await parts.write();
      return usedMonths(parts.store);
    },
    async 'meter.usage'(body) {
      const { month } = whichMonth.parse(body);
      await parts.write();
      return Object.fromEntries(await usageIn(parts.store, month));
    },
  };
}
