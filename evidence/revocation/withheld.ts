// Relays that help a client against its own municipality: one withholds the revocation, one keeps leases for later. Both take
// the client's records past gateway and broker, which have cut the session by then.
import { MUNICIPALITY } from '#lab/system.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { LEASE_LIFE_MS } from '#protocol/limits.ts';
import type { Judgement } from '../proof.ts';
import type { Ground, HELPED } from './ground.ts';
import { pause } from './pause.ts';
import { enrolUser } from './people.ts';
import { takeSeat } from './seat.ts';

/** For the close to arrive, and for the two clocks' looks: the agent's at its limits, this process's at its sockets. */
export const TOLERANCE_MS = 1_000;
const WATCHED_MS = LEASE_LIFE_MS + 20_000;
/** Dealt when it is of most use: shortly before the lease before it runs out. */
const DEAL_AFTER_MS = 22_000;

export interface Helped {
  what: (typeof HELPED)[number];
  /** Frame records that came after the right was gone: the help is real. */
  framesAfter: number;
  leasesBanked: number;
  leasesDealt: number;
  /** From the agent's sending of the last nonce that was ever answered to the end; null: not within 50 s. */
  sinceAnsweredMs: number | null;
  sinceRevokedMs: number | null;
  code: string | null;
  authentic: boolean;
}

export async function observeHelp(ground: Ground): Promise<Helped[]> {
  return Promise.all([help(ground, 'withheld'), help(ground, 'banked')]);
}

async function help({ rights: system, hostile }: Ground, what: Helped['what']): Promise<Helped> {
  const { relay, agentSocket, desktopOf } = hostile;
  const user = await enrolUser(system, what);
  const desktop = desktopOf(what);
  const seat = await takeSeat(system, user, desktop, { agentSocket, helped: relay.accomplice });
  const { session } = seat;
  if (what === 'banked') {
    relay.bankLeases(session);
    await until(() => relay.banked(session) > 0);
  }
  relay.withholdRevocation(session);
  const whose = { municipality: MUNICIPALITY, user: user.user };
  await callLocal(system.sockets.admin, 'entitlement.remove', { ...whose, desktop });
  const revokedAt = Date.now();
  await seat.work();
  const framesBefore = seat.frames;
  const leasesBanked = relay.banked(session);
  let leasesDealt = 0;
  const dealing = setTimeout(() => {
    while (relay.dealLease(session)) leasesDealt++;
  }, DEAL_AFTER_MS - sinceLast(relay.asked, session)).unref();
  const end = await Promise.race([seat.ended, pause(WATCHED_MS)]);
  clearTimeout(dealing);
  const framesAfter = seat.frames - framesBefore;
  seat.leave();
  const answered = relay.asked.findLast((one) => one.session === session && one.answered);
  return {
    ...{ what, framesAfter, leasesBanked, leasesDealt },
    sinceAnsweredMs: end && answered ? Math.ceil(end.at - answered.at) : null,
    sinceRevokedMs: end && end.at - revokedAt,
    code: end?.code ?? null,
    authentic: end?.authentic ?? false,
  };
}

/** How long ago the first nonce was sent whose lease was passed on: the one that runs out next. */
function sinceLast(asked: readonly { session: string; at: number }[], session: string): number {
  const first = asked.find((one) => one.session === session);
  return first ? Date.now() - first.at : 0;
}

async function until(so: () => boolean): Promise<void> {
  while (!so()) await pause(50);
}

export function judgeHelp(seen: readonly Helped[]): Judgement {
  const holds = (one: Helped) =>
    one.framesAfter > 0 &&
    one.sinceAnsweredMs !== null &&
    one.sinceAnsweredMs <= LEASE_LIFE_MS + TOLERANCE_MS &&
    one.code === 'RIGHTS_UNCONFIRMED' &&
    one.authentic &&
    (one.what === 'withheld' || (one.leasesBanked > 0 && one.leasesDealt === one.leasesBanked));
  const both = (['withheld', 'banked'] as const).every((what) => seen.some((one) => one.what === what && holds(one)));
  const figures = seen.map(
    ({ what, sinceAnsweredMs, framesAfter, code }) =>
      `${what}: ${sinceAnsweredMs ?? '–'} ms (≤ ${LEASE_LIFE_MS} + ${TOLERANCE_MS}), ${framesAfter} frames, ${code ?? '–'}`,
  );
  return {
    result: both && seen.every(holds) ? 'pass' : 'fail',
    seen: {
      ja: `最後に答えのあった nonce の送信から終了まで: ${figures.join('; ')}`,
      en: `from the last answered nonce to the end: ${figures.join('; ')}`,
    },
  };
}
