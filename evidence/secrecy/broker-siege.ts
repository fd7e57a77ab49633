// A hostile broker at work: everything that it tries in one stay in the real one's place.
import { generateKeyPair } from 'jose';
import { findAudited } from '#lab/audit-log.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import { toBase64Url, toHex } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { signGrant } from '#protocol/outer/grant.ts';
import { type Attempt, type Attempted, attempt } from './attempt.ts';
import { DOWNGRADES, impersonations, replayedSession, sessionAttempts } from './attempts.ts';
import { type HostileBroker, takeBrokersPlace } from './hostile-broker.ts';
import type { Offered, Siege } from './judge-attempts.ts';
import { inPlaceOf } from './place-of.ts';
import { readEverything } from './reading.ts';
import { flipsOf } from './relay-flips.ts';
import type { Secrecy } from './stage.ts';

export interface BrokerSiege {
  readonly siege: Siege;
  readonly flips: readonly Attempted[];
}

const sieges = new WeakMap<Secrecy, Promise<BrokerSiege>>();

/** Two proofs look at it; it takes place once. */
export function besiegedByBroker(stage: Secrecy): Promise<BrokerSiege> {
  const made = sieges.get(stage) ?? besiege(stage);
  sieges.set(stage, made);
  return made;
}

function besiege(stage: Secrecy): Promise<BrokerSiege> {
  const take = () => takeBrokersPlace(stage.system);
  return inPlaceOf('broker', stage, take, async (broker) => {
    const inTurn = async (all: readonly Attempt[]): Promise<Attempted[]> => {
      const done: Attempted[] = [];
      for (const one of all) done.push(await attempt(stage, broker, one));
      return done;
    };
    const { inward, ...read } = await readEverything(stage, broker);
    const { agentKey } = stage.client.pinned(stage.nextDesktop().id);
    const attempts = await inTurn([
      ...[...sessionAttempts('agent'), replayedSession(inward)],
      ...[...DOWNGRADES, ...impersonations(agentKey)],
    ]);
    const siege = { read, attempts, offers: await offers(stage, broker) };
    return { siege, flips: await inTurn(flipsOf(broker)) };
  });
}

/** A grant of its own making, and one that was used before. */
async function offers({ system, nextDesktop }: Secrecy, broker: HostileBroker): Promise<Offered[]> {
  const session = toHex(nodeCipher.random(16));
  const { privateKey } = await generateKeyPair('ES256');
  const claims = {
    ...{ aud: nextDesktop().id, sub: 'tanaka', municipality: MUNICIPALITY, session, epoch: 0, mode: 'open' as const },
    ...{ cnf: { 'x5t#S256': toBase64Url(nodeCipher.random(32)) }, amr: ['mtls' as const, 'otp' as const] },
    ...{ policy: { idleSeconds: 900, overallSeconds: 43_200 }, hello: toBase64Url(nodeCipher.random(32)) },
    jti: toBase64Url(nodeCipher.random(16)),
  };
  broker.offer(session, await signGrant({ kid: 'own', key: privateKey }, claims, Date.now()));
  const used = broker.grants.at(-1) ?? '';
  const { session: usedBy } = JSON.parse(Buffer.from(used.split('.')[1] ?? '', 'base64url').toString());
  broker.offer(usedBy, used);
  const refused = async (name: string, id: string, reason: string): Promise<Offered> => {
    const found = await findAudited(system, 'agent', 'offer-refused', { session: id, reason }, 4_000);
    return { name, wanted: reason, audited: found ? reason : null };
  };
  return [
    await refused('a grant that it signed itself', session, 'GRANT_SIGNATURE'),
    await refused('a grant that was used', usedBy, 'GRANT_REPLAYED'),
  ];
}
