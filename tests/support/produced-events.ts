// Which audit events the tests of this file have made the program record (G1). Every audit log of the tests tells it: those
// in memory at once, those of real processes when a test reads them.
import { type EventName, fitEvent } from '#platform/audit/events.ts';

const produced = new Set<string>();

/** @returns the event as the real log would write it. @throws Error if it would not fit its row */
export function produce(event: EventName, fields: object): Record<string, unknown> {
  const fitted = fitEvent(event, fields);
  if (fitted.event !== event) throw new Error(`${event}: ${fitted.fields.detail}`);
  produced.add(event);
  return fitted.fields;
}

/** @param lines of a real log, parsed */
export function producedIn<L extends { event?: unknown }>(lines: L[]): L[] {
  for (const { event } of lines) produced.add(String(event));
  return lines;
}

export function isProduced(event: string): boolean {
  return produced.has(event);
}

export function producedEvents(): string[] {
  return [...produced].sort();
}
