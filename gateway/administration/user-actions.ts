// Users, and what they may open.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { DESKTOP, MUNICIPALITY } from '#protocol/names.ts';
import { aboutCertificate } from '../certificate-end.ts';
import type { Entitlements } from '../entitlements.ts';
import { isoOrNull } from '../iso-time.ts';
import type { Journal } from '../journal.ts';
import type { Authenticators } from '../sign-in/authenticators.ts';
import { ownerPath } from '../sign-in/owner.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import { displayName, type UserId, type Users, userIdSchema } from '../users.ts';
import { type Action, inCharge, inMunicipality, isInCharge } from './action.ts';

export interface UserActionParts {
  users: Users;
  authenticators: Authenticators;
  sessions: Sessions;
  entitlements: Entitlements;
  journal: Journal;
  /** Wall clock, ms. */
  now(): number;
}

const newUser = userIdSchema.extend({ name: displayName });
const pair = userIdSchema.extend({ desktop: z.string().regex(DESKTOP) });
const newPair = pair.extend({ label: displayName.optional() });
const which = z.strictObject({
  municipality: z.string().regex(MUNICIPALITY).optional(),
  /** Part of an id or a name. */
  find: z.string().max(64).optional(),
  /** Only those whose certificate ends within 30 days, or has ended. */
  expiring: z.literal(true).optional(),
});

export function userActions({
  users,
  authenticators,
  sessions,
  entitlements,
  journal,
  now,
}: UserActionParts): Action[] {
  async function requireUser(id: UserId): Promise<void> {
    if (!(await users.find(id))) throw noUser(id);
  }

  return [
    inCharge({
      name: 'user.list',
      schema: which,
      dangerous: false,
      async run({ municipality, find = '', expiring }, by) {
        const rows = (await users.list())
          .filter((row) => isInCharge(by, row.municipality) && (!municipality || row.municipality === municipality))
          .filter(({ user, name }) => user.includes(find) || name.includes(find))
          .map((row) => ({ ...row, ...aboutCertificate(row.certificateExpiresAt, now()) }))
          .filter(({ certificateWarning }) => !expiring || certificateWarning !== null);
        const described = rows.map(async ({ lastSignIn, ...user }) => ({
          ...user,
          lastSignIn: isoOrNull(lastSignIn),
          totp: await authenticators.totp.isEnrolled(user),
          passkeys: (await authenticators.passkeys.list(user)).length,
          desktops: (await entitlements.list(user)).map(({ desktop }) => desktop),
        }));
        return { users: await Promise.all(described) };
      },
    }),

    inMunicipality({
      name: 'user.add',
      schema: newUser,
      dangerous: true,
      async run({ name, ...id }, by) {
        if (!(await users.add(id, name)))
          throw new Failure(
            `利用者 ${ownerPath(id)} はすでに登録されています / the user ${ownerPath(id)} exists already`,
          );
        journal.administered('user-created', { ...id, by: by.name });
        return { ...id, name, enabled: true };
      },
    }),

    inMunicipality({
      name: 'user.enable',
      schema: userIdSchema,
      dangerous: true,
      async run(id, by) {
        if (!(await users.setEnabled(id, true))) throw noUser(id);
        journal.administered('user-enabled', { ...id, by: by.name });
        return { ...id, enabled: true };
      },
    }),

    inMunicipality({
      name: 'user.disable',
      schema: userIdSchema,
      dangerous: false,
      async run(id, by) {
        if (!(await users.setEnabled(id, false))) throw noUser(id);
        await sessions.end(id);
        journal.administered('user-disabled', { ...id, by: by.name });
        return { ...id, enabled: false };
      },
    }),

    inMunicipality({
      name: 'entitlement.add',
      schema: newPair,
      dangerous: true,
      async run({ desktop, label, ...id }, by) {
        await requireUser(id);
        if (!desktop.startsWith(`${id.municipality}/`)) {
          throw new Failure(
            `${desktop} は利用者 ${ownerPath(id)} と別の団体のものです / it belongs to another municipality than the user`,
          );
        }
        await entitlements.add(id, desktop, label);
        journal.administered('entitlement-granted', { ...id, desktop, by: by.name });
        return { ...id, desktop, entitled: true };
      },
    }),

    inMunicipality({
      name: 'entitlement.remove',
      schema: pair,
      dangerous: false,
      async run({ desktop, ...id }, by) {
        if (!(await entitlements.remove(id, desktop)))
          throw new Failure(`${ownerPath(id)} には ${desktop} の利用が許可されていません / is not entitled to it`);
        journal.administered('entitlement-withdrawn', { ...id, desktop, by: by.name });
        return { ...id, desktop, entitled: false };
      },
    }),
  ];
}

function noUser(id: UserId): Failure {
  return new Failure(`利用者 ${ownerPath(id)} は登録されていません / there is no user ${ownerPath(id)}`);
}
