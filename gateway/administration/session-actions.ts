// What runs at this moment: sessions, the desktops that are there, and the gateway itself.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { agentOfDesktop, SESSION } from '#protocol/names.ts';
import type { BrokerLink } from '../broker-link.ts';
import type { Entitlements } from '../entitlements.ts';
import { iso, isoOrNull } from '../iso-time.ts';
import type { Journal } from '../journal.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import type { Slot, Slots } from '../slots.ts';
import { userIdSchema } from '../users.ts';
import { type Action, type Administrator, inCharge, inMunicipality, isInCharge } from './action.ts';

export interface SessionActionParts {
  sessions: Sessions;
  slots: Slots;
  entitlements: Entitlements;
  broker: BrokerLink;
  journal: Journal;
}

const nothing = z.strictObject({});
const whichSessions = z.union([
  z.strictObject({ session: z.string().regex(SESSION) }),
  z.strictObject({ all: z.literal(true) }),
]);

export function sessionActions({ sessions, slots, entitlements, broker, journal }: SessionActionParts): Action[] {
  const live = async (by: Administrator) =>
    (await slots.list()).filter(({ municipality }) => isInCharge(by, municipality));

  /** @returns how many were still there to be ended */
  async function endAll(these: readonly Slot[], by: Administrator): Promise<number> {
    const ended = await Promise.all(
      these.map(async ({ session, municipality, user, desktop }) => {
        if (!(await slots.requestEnd(session, 'administrator'))) return false;
        journal.administered('session-end-asked', { session, municipality, user, desktop, by: by.name });
        return true;
      }),
    );
    return ended.filter(Boolean).length;
  }

  return [
    /** For a monitor on the host too, which needs no certificate then. */
    inCharge({
      name: 'status',
      schema: nothing,
      dangerous: false,
      async run(_, by) {
        return {
          auditHealthy: journal.isHealthy,
          brokerLinked: broker.isUp,
          sessions: (await live(by)).length,
        };
      },
    }),

    inCharge({
      name: 'session.list',
      schema: nothing,
      dangerous: false,
      async run(_, by) {
        const described = (await live(by)).map(async (slot) => ({
          ...slot,
          startedAt: iso(slot.startedAt),
          idleSince: isoOrNull(await sessions.lastActive(slot)),
        }));
        return { sessions: await Promise.all(described) };
      },
    }),

    inCharge({
      name: 'session.end',
      schema: whichSessions,
      dangerous: false,
      async run(which, by) {
        const all = await live(by);
        if ('all' in which) return { ended: await endAll(all, by) };
        const ended = await endAll(
          all.filter(({ session }) => session === which.session),
          by,
        );
        if (ended === 0) throw new Failure(`接続 ${which.session} はありません / there is no session ${which.session}`);
        return { ended };
      },
    }),

    /** The sign-in too, or the user would open the desktop again. */
    inMunicipality({
      name: 'session.end-user',
      schema: userIdSchema,
      dangerous: false,
      async run(id, by) {
        const all = await live(by);
        const ended = await endAll(
          all.filter(({ municipality, user }) => municipality === id.municipality && user === id.user),
          by,
        );
        const signedOut = await sessions.end(id);
        if (signedOut) journal.administered('sign-in-ended', { ...id, by: by.name });
        return { ended, signedOut };
      },
    }),

    inCharge({
      name: 'desktop.list',
      schema: nothing,
      dangerous: false,
      async run(_, by) {
        const inUse = new Set((await slots.list()).map(({ desktop }) => desktop));
        const known = new Set([...broker.desktops(), ...(await entitlements.desktops())]);
        const seen = [...known].filter((desktop) => isInCharge(by, agentOfDesktop(desktop).municipality)).sort();
        return {
          desktops: seen.map((desktop) => ({
            desktop,
            online: broker.isOnline(desktop),
            inUse: inUse.has(desktop),
          })),
        };
      },
    }),
  ];
}
