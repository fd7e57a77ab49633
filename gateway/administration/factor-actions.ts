// What an administrator may do about a user's factors: see which there are, remove them, and issue an activation code to who
// has none (any more). Never a secret that would let in more than once, and none that is there already; `totp.enrol` shows a
// new one, so it is for the host alone.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { iso, isoOrNull } from '../iso-time.ts';
import type { CountedFactor, Journal } from '../journal.ts';
import type { Authenticators } from '../sign-in/authenticators.ts';
import { ownerPath } from '../sign-in/owner.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import { type UserId, type Users, userIdSchema } from '../users.ts';
import { type Action, inMunicipality } from './action.ts';

export interface FactorActionParts {
  users: Users;
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

export function factorActions({ users, authenticators, sessions, journal }: FactorActionParts): Action[] {
  const { totp, passkeys, passwords, recovery } = authenticators;

  async function requireUser(id: UserId): Promise<void> {
    if (!(await users.find(id)))
      throw new Failure(`利用者 ${ownerPath(id)} は登録されていません / there is no user ${ownerPath(id)}`);
  }

  return [
    inMunicipality({
      name: 'factor.list',
      schema: userIdSchema,
      dangerous: false,
      async run(id) {
        await requireUser(id);
        const kept = await passkeys.list(id);
        return {
          ...id,
          totp: isoOrNull(await totp.enrolledAt(id)),
          passkeys: kept.map(({ id, name, createdAt, backedUp, hardwareBound, suspended }) => ({
            ...{ id, name, createdAt: iso(createdAt), backedUp, hardwareBound, suspended },
          })),
          password: isoOrNull(await passwords.setAt(id)),
          recoveryCodesLeft: await recovery.codesLeft(id),
        };
      },
    }),

    /** What runs on a removed factor ends. */
    inMunicipality({
      name: 'factor.remove',
      schema: which,
      dangerous: false,
      async run({ factor, id: passkey, ...id }, by) {
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
        if (removed.length === 0)
          throw new Failure(`${ownerPath(id)} にそのサインイン方法はありません / has no such factor`);
        await sessions.end(id);
        for (const kind of removed) journal.administered('factor-removed', { ...id, factor: kind, by: by.name });
        return { ...id, removed };
      },
    }),

    /** Shown once; the user signs in with it and sets up factors, nothing else. */
    inMunicipality({
      name: 'factor.activation',
      schema: userIdSchema,
      dangerous: true,
      async run(id, by) {
        await requireUser(id);
        const { code, expiresAt } = await recovery.issueActivation(id);
        journal.administered('activation-issued', { ...id, by: by.name });
        return { ...id, code, expiresAt: iso(expiresAt) };
      },
    }),

    inMunicipality({
      name: 'totp.enrol',
      schema: userIdSchema,
      dangerous: true,
      only: 'socket',
      async run(id, by) {
        await requireUser(id);
        const uri = await totp.enrol(id);
        if (uri === null)
          throw new Failure(
            `${ownerPath(id)} の認証アプリは登録済みです。先に取り消してください / has a TOTP secret already; reset it first`,
          );
        journal.administered('factor-added', { ...id, factor: 'totp', by: by.name });
        return { ...id, uri };
      },
    }),

    inMunicipality({
      name: 'totp.reset',
      schema: userIdSchema,
      dangerous: false,
      only: 'socket',
      async run(id, by) {
        if (!(await totp.reset(id)))
          throw new Failure(`${ownerPath(id)} の認証アプリは登録されていません / has no TOTP secret`);
        await sessions.end(id);
        journal.administered('factor-removed', { ...id, factor: 'totp', by: by.name });
        return { ...id, reset: true };
      },
    }),
  ];
}
