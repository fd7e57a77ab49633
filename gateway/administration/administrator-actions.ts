// Administrators of the page. Only at the host's socket: nobody at the page can make another one, or himself stronger.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { aboutCertificate } from '../certificate-end.ts';
import { iso, isoOrNull } from '../iso-time.ts';
import type { Journal } from '../journal.ts';
import type { Authenticators } from '../sign-in/authenticators.ts';
import type { Owner } from '../sign-in/owner.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import { type Action, inCharge } from './action.ts';
import { type Administrators, administratorName, chargeSchema } from './administrators.ts';

export interface AdministratorActionParts {
  administrators: Administrators;
  ofAdministrators: { sessions: Sessions; authenticators: Authenticators };
  journal: Journal;
  /** Wall clock, ms. */
  now(): number;
}

const one = z.strictObject({ name: administratorName });
const added = one.extend({ municipality: chargeSchema.default('-') });

export function administratorActions(parts: AdministratorActionParts): Action[] {
  const { administrators, ofAdministrators, journal, now } = parts;
  const { sessions, authenticators } = ofAdministrators;

  async function requireAdministrator(name: string): Promise<void> {
    if (!(await administrators.list()).some((one) => one.name === name)) throw noAdministrator(name);
  }

  return [
    inCharge({
      name: 'administrator.list',
      schema: z.strictObject({}),
      dangerous: false,
      only: 'socket',
      async run() {
        const rows = await administrators.list();
        return {
          administrators: rows.map(({ lastSignIn, certificateExpiresAt, ...row }) => ({
            ...row,
            lastSignIn: isoOrNull(lastSignIn),
            ...aboutCertificate(certificateExpiresAt, now()),
          })),
        };
      },
    }),

    inCharge({
      name: 'administrator.add',
      schema: added,
      dangerous: true,
      only: 'socket',
      async run({ name, municipality }, by) {
        if (!(await administrators.add({ name, municipality })))
          throw new Failure(`${name} はすでに登録されています / the name ${name} is taken`);
        journal.administered('administrator-added', { name, municipality, by: by.name });
        return { name, municipality, enabled: true };
      },
    }),

    inCharge({
      name: 'administrator.enable',
      schema: one,
      dangerous: true,
      only: 'socket',
      async run({ name }, by) {
        if (!(await administrators.setEnabled(name, true))) throw noAdministrator(name);
        journal.administered('administrator-enabled', { name, by: by.name });
        return { name, enabled: true };
      },
    }),

    inCharge({
      name: 'administrator.disable',
      schema: one,
      dangerous: false,
      only: 'socket',
      async run({ name }, by) {
        if (!(await administrators.setEnabled(name, false))) throw noAdministrator(name);
        await sessions.end(ownerOf(name));
        journal.administered('administrator-disabled', { name, by: by.name });
        return { name, enabled: false };
      },
    }),

    /** Shown once; whoever has the certificate, too, signs in with it and sets up factors, nothing else. */
    inCharge({
      name: 'administrator.activate',
      schema: one,
      dangerous: true,
      only: 'socket',
      async run({ name }, by) {
        await requireAdministrator(name);
        const { code, expiresAt } = await authenticators.recovery.issueActivation(ownerOf(name));
        journal.administered('activation-issued', { ...ownerOf(name), by: by.name });
        return { name, code, expiresAt: iso(expiresAt) };
      },
    }),

    inCharge({
      name: 'administrator.reset',
      schema: one,
      dangerous: true,
      only: 'socket',
      async run({ name }, by) {
        await requireAdministrator(name);
        await authenticators.removeAll(ownerOf(name));
        await sessions.end(ownerOf(name));
        journal.administered('administrator-reset', { name, by: by.name });
        return { name, reset: true };
      },
    }),
  ];
}

/** Whose factors and sign-in they are. */
function ownerOf(name: string): Owner {
  return { municipality: '-', user: name };
}

function noAdministrator(name: string): Failure {
  return new Failure(`管理者 ${name} は登録されていません / there is no administrator ${name}`);
}
