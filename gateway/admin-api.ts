// What an administrator may change, over the 0600 Unix socket of the running gateway (E9). There is no way to read a
// secret here: a TOTP secret is shown once, at its enrolment. Every change is an audit event; those that take rights away
// end running sessions through the state (revocation.ts).
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import type { LocalHandlers } from '#platform/process/local-socket.ts';
import { DESKTOP, SESSION } from '#protocol/names.ts';
import type { BrokerLink } from './broker-link.ts';
import type { Entitlements } from './entitlements.ts';
import { factorHandlers } from './factor-admin.ts';
import type { Journal } from './journal.ts';
import type { Authenticators } from './sign-in/authenticators.ts';
import type { Sessions } from './sign-in/sessions.ts';
import type { Slots } from './slots.ts';
import { displayName, type UserId, type Users, userIdSchema } from './users.ts';

export interface AdminParts {
  users: Users;
  authenticators: Authenticators;
  sessions: Sessions;
  entitlements: Entitlements;
  slots: Slots;
  broker: BrokerLink;
  journal: Journal;
}

const newUser = userIdSchema.extend({ name: displayName });
const pair = userIdSchema.extend({ desktop: z.string().regex(DESKTOP) });
const newPair = pair.extend({ label: displayName.optional() });
const whichSession = z.union([
  z.strictObject({ session: z.string().regex(SESSION) }),
  z.strictObject({ all: z.literal(true) }),
]);

/** Each parses its own body; a Failure's text is what the administrator reads. */
export function adminHandlers(parts: AdminParts): LocalHandlers {
  const { users, authenticators, sessions, entitlements, slots, broker, journal } = parts;
  const { totp } = authenticators;

  async function requireUser(id: UserId): Promise<void> {
    if (!(await users.find(id))) throw new Failure(`there is no user ${say(id)}`);
  }

  return {
    /** For a monitor on the host, which needs no certificate then. */
    async status() {
      const sessions = (await slots.list()).length;
      return { auditHealthy: journal.isHealthy, brokerLinked: broker.isUp, sessions };
    },

    async 'user.add'(body) {
      const { name, ...id } = newUser.parse(body);
      if (!(await users.add(id, name))) throw new Failure(`the user ${say(id)} exists already`);
      journal.administered('user-created', { ...id, ...BY });
      return { ...id, name, enabled: true };
    },

    async 'user.enable'(body) {
      const id = userIdSchema.parse(body);
      if (!(await users.setEnabled(id, true))) throw new Failure(`there is no user ${say(id)}`);
      journal.administered('user-enabled', { ...id, ...BY });
      return { ...id, enabled: true };
    },

    async 'user.disable'(body) {
      const id = userIdSchema.parse(body);
      if (!(await users.setEnabled(id, false))) throw new Failure(`there is no user ${say(id)}`);
      await sessions.end(id);
      journal.administered('user-disabled', { ...id, ...BY });
      return { ...id, enabled: false };
    },

    async 'user.list'() {
      const rows = await users.list();
      const described = rows.map(async ({ lastSignIn, ...user }) => ({
        ...user,
        lastSignIn: lastSignIn === null ? null : new Date(lastSignIn).toISOString(),
        totp: await totp.isEnrolled(user),
        desktops: (await entitlements.list(user)).map(({ desktop }) => desktop),
      }));
      return { users: await Promise.all(described) };
    },

    async 'totp.enrol'(body) {
      const id = userIdSchema.parse(body);
      await requireUser(id);
      const uri = await totp.enrol(id);
      if (uri === null) throw new Failure(`${say(id)} has a TOTP secret already; reset it first`);
      journal.administered('factor-added', { ...id, factor: 'totp', ...BY });
      return { ...id, uri };
    },

    async 'totp.reset'(body) {
      const id = userIdSchema.parse(body);
      if (!(await totp.reset(id))) throw new Failure(`${say(id)} has no TOTP secret`);
      await sessions.end(id);
      journal.administered('factor-removed', { ...id, factor: 'totp', ...BY });
      return { ...id, reset: true };
    },

    ...factorHandlers(parts, requireUser, BY.by),

    async 'entitlement.add'(body) {
      const { desktop, label, ...id } = newPair.parse(body);
      await requireUser(id);
      if (!desktop.startsWith(`${id.municipality}/`)) {
        throw new Failure(`${desktop} belongs to another municipality than the user ${say(id)}`);
      }
      await entitlements.add(id, desktop, label);
      journal.administered('entitlement-granted', { ...id, desktop, ...BY });
      return { ...id, desktop, entitled: true };
    },

    async 'entitlement.remove'(body) {
      const { desktop, ...id } = pair.parse(body);
      if (!(await entitlements.remove(id, desktop))) throw new Failure(`${say(id)} is not entitled to ${desktop}`);
      journal.administered('entitlement-withdrawn', { ...id, desktop, ...BY });
      return { ...id, desktop, entitled: false };
    },

    async 'session.list'() {
      const held = await slots.list();
      return { sessions: held.map((slot) => ({ ...slot, startedAt: new Date(slot.startedAt).toISOString() })) };
    },

    async 'session.end'(body) {
      const which = whichSession.parse(body);
      const asked = 'all' in which ? (await slots.list()).map(({ session }) => session) : [which.session];
      const ended = await Promise.all(asked.map((session) => slots.requestEnd(session, 'administrator')));
      if ('session' in which && !ended[0]) throw new Failure(`there is no session ${which.session}`);
      return { ended: ended.filter(Boolean).length };
    },
  };
}

/** Who may open the socket is the operating system's word: this account. */
const BY = { by: 'admin socket' };

function say({ municipality, user }: UserId): string {
  return `${municipality}/${user}`;
}
