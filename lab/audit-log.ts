// What a process of the system has written into its audit log, and waiting for it to do so.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from './system.ts';

export type ProcessName = keyof System['processes'];

export interface AuditEvent {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const LOOK_MS = 20;
const LAST_EVENTS = 5;

/** Everything in one process's audit log, oldest first. */
export function auditOf({ folder }: Pick<System, 'folder'>, name: ProcessName): AuditEvent[] {
  const text = readFileSync(join(folder, name, 'state', 'audit.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/**
 * Waits for an event with these fields.
 * @returns null if it does not come
 */
export async function findAudited(
  system: Pick<System, 'folder'>,
  name: ProcessName,
  event: string,
  fields: object,
  withinMs = 15_000,
): Promise<AuditEvent | null> {
  const until = performance.now() + withinMs;
  for (;;) {
    const found = auditOf(system, name).find(
      (one) => one.event === event && Object.entries(fields).every(([key, value]) => one.fields[key] === value),
    );
    if (found) return found;
    if (performance.now() > until) return null;
    await delay(LOOK_MS);
  }
}

/** The same. @throws Error with the last events if it does not come */
export async function audited(
  system: Pick<System, 'folder'>,
  name: ProcessName,
  event: string,
  fields: object,
  withinMs = 15_000,
): Promise<AuditEvent> {
  const found = await findAudited(system, name, event, fields, withinMs);
  if (found) return found;
  const last = auditOf(system, name)
    .slice(-LAST_EVENTS)
    .map((one) => `${one.event} ${JSON.stringify(one.fields)}`)
    .join('\n');
  throw new Error(`no ${event} ${JSON.stringify(fields)} in the ${name}'s audit log, but\n${last}`);
}
