// Every right that a session rests on is taken away once, in the way that the product offers, while a session runs on it.
import { statSync } from 'node:fs';
import { Authority } from '#certs/authority.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import { callLocal } from '#platform/process/local-call.ts';
import type { Code } from '#protocol/codes.ts';
import { type Ending, type Endings, observeEnding } from './ending.ts';
import { desktopOf, editAgentFile, type Ground, type RIGHTS } from './ground.ts';
import { enrolUser, type User } from './people.ts';
import { type Seat, takeSeat } from './seat.ts';

type Right = Exclude<(typeof RIGHTS)[number], 'untouched' | 'expiry'>;

/** What the client has to be told. */
export const WITHDRAWN = {
  user: 'RIGHTS_ENDED',
  factor: 'RIGHTS_ENDED',
  entitlement: 'RIGHTS_ENDED',
  pairing: 'PAIRING_ENDED',
  desktop: 'DESKTOP_WITHDRAWN',
} as const satisfies Partial<Record<Right, Code>>;
export const REVOKED = { certificate: 'CERTIFICATE_ENDED' } as const satisfies Partial<Record<Right, Code>>;
export const ENDED_BY_HAND = { killed: 'RIGHTS_ENDED', own: 'ENDED' } as const satisfies Partial<Record<Right, Code>>;

const ORDER: readonly Right[] = ['user', 'factor', 'entitlement', 'pairing', 'desktop', 'certificate', 'killed', 'own'];

export async function observeRights({ rights: system }: Ground): Promise<Endings> {
  const users = new Map<string, User>();
  const seats = new Map<string, Seat>();
  const arrive = async (name: string) => {
    const user = await enrolUser(system, name);
    users.set(name, user);
    seats.set(name, await takeSeat(system, user, desktopOf(system, name)));
  };
  await Promise.all([...ORDER, 'untouched'].map(arrive));
  const of = <T>(map: ReadonlyMap<string, T>, name: string) => map.get(name) as T;
  const whose = (user: string) => ({ municipality: MUNICIPALITY, user });
  const admin = (command: string, body: object) => callLocal(system.sockets.admin, command, body);

  const authority = new Authority(system.pki.dir, 'user');
  // Signing the list is the authority's affair; it is in force once it lies there.
  const published = () => statSync(authority.crlPath).mtimeMs;
  const acts: Record<Right, () => Promise<unknown>> = {
    user: () => admin('user.disable', whose('user')),
    factor: () => admin('totp.reset', whose('factor')),
    entitlement: () =>
      admin('entitlement.remove', { ...whose('entitlement'), desktop: desktopOf(system, 'entitlement') }),
    pairing: () =>
      callLocal(system.sockets.agent, 'revoke', { user: 'pairing', desktop: desktopOf(system, 'pairing') }),
    async desktop() {
      editAgentFile(system, ({ desktops }) => ({ desktops: desktops.filter(({ name }) => name !== 'desktop') }));
    },
    async certificate() {
      authority.revoke(of(users, 'certificate').serial, 'keyCompromise', Date.now());
    },
    killed: () => admin('session.end', { session: of(seats, 'killed').session }),
    async own() {
      const { status } = await of(seats, 'own').visitor.around.request('POST', '/api/live/end', {});
      if (status !== 204) throw new Error(`the user could not end the own session: ${status}`);
    },
  };

  const untouched = of(seats, 'untouched');
  await untouched.work();
  const before = untouched.frames;
  const endings: Ending[] = [];
  for (const right of ORDER) {
    const since = right === 'certificate' ? published : undefined;
    await of(seats, right).work();
    endings.push(await observeEnding(right, of(seats, right), acts[right], since));
  }
  const control = { framesMeanwhile: untouched.frames - before, ended: untouched.end?.code ?? null };
  for (const seat of seats.values()) seat.leave();
  return { endings, untouched: control };
}
