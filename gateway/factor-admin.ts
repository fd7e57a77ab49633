// What an administrator may do about a user's factors: see which there are, remove them, and issue an activation code to who
// has none (any more). Never a secret that would let in more than once, and none that is there already.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import type { LocalHandlers } from '#platform/process/local-socket.ts';
import type { CountedFactor, Journal } from './journal.ts';
import type { Authenticators } from './sign-in/authenticators.ts';
import type { Sessions } from './sign-in/sessions.ts';
import { type UserId, userIdSchema } from './users.ts';

export interface FactorAdminParts {
  authenticators: Authenticators;
  sessions: Sessions;
  journal: Journal;
}

const which = userIdSchema
  .extend({
    factor: z.enum(['totp', 'webauthn', 'password', 'recovery', 'all']),
    /** Of one passkey; left out, all of them. */
    id: z.string().max(1_364).optional(),
  })
  .refine(({ factor, id }) => id === undefined || factor === 'webauthn', { path: ['id'] });

/**
 * @param requireUser throws a Failure if there is no such user
 * @param by who did it, for the audit log
 */
export function factorHandlers(
  { authenticators, sessions, journal }: FactorAdminParts,
  requireUser: (id: UserId) => Promise<void>,
  by: string,
): LocalHandlers {
  const { totp, passkeys, passwords, recovery } = authenticators;

  return {
    async 'factor.list'(body) {
      const id = userIdSchema.parse(body);
      await requireUser(id);
      const kept = await passkeys.list(id);
      return {
        ...id,
        totp: await iso(totp.enrolledAt(id)),
        passkeys: kept.map(({ id, name, createdAt, backedUp, hardwareBound, suspended }) => ({
          ...{ id, name, createdAt: new Date(createdAt).toISOString(), backedUp, hardwareBound, suspended },
        })),
        password: await iso(passwords.setAt(id)),
        recoveryCodesLeft: await recovery.codesLeft(id),
      };
    },

    /** What runs on a removed factor ends. */
    async 'factor.remove'(body) {
      const { factor, id: passkey, ...id } = which.parse(body);
      await requireUser(id);
      const removed: CountedFactor[] = [];
      const note = (kind: CountedFactor, was: boolean) => {
        if (was) removed.push(kind);
      };
      const wants = (kind: string) => factor === kind || factor === 'all';
      if (wants('totp')) note('totp', await totp.reset(id));
      if (wants('webauthn')) {
        const ids = passkey === undefined ? (await passkeys.list(id)).map((one) => one.id) : [passkey];
        for (const one of ids) note('webauthn', await passkeys.remove(id, one));
      }
      if (wants('password')) note('password', await passwords.remove(id));
      if (wants('recovery')) note('recovery', await recovery.forget(id));
      if (removed.length === 0) throw new Failure(`${id.municipality}/${id.user} has no such factor`);
      await sessions.end(id);
      for (const kind of removed) journal.administered('factor-removed', { ...id, factor: kind, by });
      return { ...id, removed };
    },

    /** Shown once; the user signs in with it and sets up factors, nothing else. */
    async 'factor.activation'(body) {
      const id = userIdSchema.parse(body);
      await requireUser(id);
      const { code, expiresAt } = await recovery.issueActivation(id);
      journal.administered('activation-issued', { ...id, by });
      return { ...id, code, expiresAt: new Date(expiresAt).toISOString() };
    },
  };
}

async function iso(at: Promise<number | null>): Promise<string | null> {
  const ms = await at;
  return ms === null ? null : new Date(ms).toISOString();
}
