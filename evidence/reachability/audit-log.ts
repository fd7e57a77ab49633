// The audit log of a process of the lab, as it stands.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Hosts } from './stage.ts';

const line = z.looseObject({ event: z.string(), fields: z.looseObject({ reason: z.string().optional() }) });
export type AuditLine = z.infer<typeof line>;

/** @throws Error for a line that is none */
export function auditOf({ deployed }: Hosts, host: 'gateway' | 'broker'): AuditLine[] {
  const text = readFileSync(deployed.on(host, 'state', 'audit.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((one) => one !== '')
    .map((one) => line.parse(JSON.parse(one)));
}

/** A peer may hear of its refusal before the event is written. */
const WRITTEN_MAX_MS = 2_000;
const LOOK_MS = 50;

/** @returns how many such lines came since there were `before`, once there are `expected` or time is up */
export async function newLines(count: () => number, before: number, expected: number): Promise<number> {
  const deadline = performance.now() + WRITTEN_MAX_MS;
  while (count() - before < expected && performance.now() < deadline) await delay(LOOK_MS);
  return count() - before;
}
