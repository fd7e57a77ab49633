// Each audit event → the test file whose tests make the program record it (G1). tests/platform/audit/events.test.ts holds the
// list against the closed list of events; produced-events.setup.ts holds each file to what is said of it here.
import type { EventName } from '#platform/audit/events.ts';

export const PRODUCED_BY: Partial<Record<EventName, string>> = {};
