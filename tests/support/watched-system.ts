// What the scenarios ask a running system besides using it: is it still up, is it idle again.
import { writeFileSync } from 'node:fs';
import { vi } from 'vitest';
import * as z from 'zod';
import type { ProcessName } from '#lab/audit-log.ts';
import type { Person } from '#lab/person.ts';
import { MUNICIPALITY, type System } from '#lab/system.ts';
import { callLocal } from '#platform/process/local-call.ts';

export const PROCESSES = ['broker', 'gateway', 'agent'] as const satisfies readonly ProcessName[];

const enrolled = z.looseObject({ uri: z.string() });
const sessions = z.looseObject({ sessions: z.array(z.unknown()) });

/** The names of the processes that have not ended. */
export function alive({ processes }: System): ProcessName[] {
  return PROCESSES.filter((name) => {
    try {
      return process.kill(processes[name].pid, 0);
    } catch {
      return false;
    }
  });
}

/** Calls the administrator's command of the gateway about the person. */
export function administer(system: System, command: string, person: Person, more: object = {}): Promise<unknown> {
  return callLocal(system.sockets.admin, command, { municipality: MUNICIPALITY, user: person.user, ...more });
}

/**
 * Enrols the person's second factor anew, since of one a code is taken once in 30 seconds. Ends the person's sign-in.
 * The secret stands in the person's totpFile afterwards.
 */
export async function renewFactor(system: System, person: Person): Promise<void> {
  await administer(system, 'totp.reset', person);
  const { uri } = enrolled.parse(await administer(system, 'totp.enrol', person));
  writeFileSync(person.totpFile, `${uri}\n`, { mode: 0o600 });
}

/** Waits until neither the gateway nor the agent knows of a session any more. */
export function idle(system: System): Promise<void> {
  return vi.waitFor(
    async () => {
      const known = await Promise.all([
        callLocal(system.sockets.admin, 'session.list'),
        callLocal(system.sockets.agent, 'status'),
      ]);
      if (known.some((answer) => sessions.parse(answer).sessions.length > 0)) throw new Error('a session goes on');
    },
    { timeout: 15_000, interval: 20 },
  );
}
