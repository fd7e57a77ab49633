// Where npm run meter takes its numbers from: a running broker over its 0600 Unix socket, or the state of one that does
// not run. Both give the same answers.
import { existsSync } from 'node:fs';
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import { usageRatesSchema } from './bill.ts';
import { readBrokerConfig } from './config.ts';
import { stateFile, type Terms } from './meter-handlers.ts';
import { TIER_LABELS } from './tiers.ts';
import { MONTH, type Usage, usageIn, usageSchema, usedMonths } from './usage.ts';

export interface MeterSource {
  terms(): Promise<Terms>;
  /** Oldest first. */
  months(): Promise<string[]>;
  usage(month: string): Promise<Map<string, Usage>>;
  close(): Promise<void>;
}

const termsSchema = z.strictObject({ tier: z.enum(TIER_LABELS), rates: usageRatesSchema.nullable() });

/** One call a month: an answer is bounded, and a month of every municipality of Japan fits into it. */
export function fromSocket(path: string): MeterSource {
  const ask = async <T>(schema: z.ZodType<T>, name: string, body: object | null = null): Promise<T> => {
    const answer = schema.safeParse(await callLocal(path, name, body));
    if (!answer.success) throw new Failure(`${path}: the process there gave an answer of another form`);
    return answer.data;
  };
  return {
    terms: () => ask(termsSchema, 'meter.terms'),
    months: () => ask(z.array(z.string().regex(MONTH)), 'meter.months'),
    usage: async (month) =>
      new Map(Object.entries(await ask(z.record(z.string(), usageSchema), 'meter.usage', { month }))),
    close: async () => {},
  };
}

/**
 * @param path of broker.json
 * @throws Failure if it is wrong, or its broker has never metered anything
 */
export function fromConfig(path: string, now: () => number): MeterSource {
  const { state, line, usageRates } = readBrokerConfig(path);
  const file = stateFile(state);
  // Opening would make it.
  if (!existsSync(file)) throw new Failure(`${file}: there is no such state; has this broker ever run?`);
  const store = openSqliteStore(file, { now });
  return {
    terms: async () => ({ tier: line.tier, rates: usageRates ?? null }),
    months: () => usedMonths(store),
    usage: (month) => usageIn(store, month),
    close: () => store.close(),
  };
}
