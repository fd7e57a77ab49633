// D7, D8: a broker in hostile hands reads nothing, and whatever else it does is refused, or seen by the user, and audited.
import { generateKeyPair } from 'jose';
import { findAudited } from '#lab/audit-log.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import { toBase64Url, toHex } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { signGrant } from '#protocol/outer/grant.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type Attempted, attempt } from './attempt.ts';
import { DOWNGRADES, impersonations, replayedSession, SESSION_ATTEMPTS } from './attempts.ts';
import { type HostileBroker, takeBrokersPlace } from './hostile-broker.ts';
import { judgeAttempts, type Offered, type Siege } from './judge-attempts.ts';
import { inPlaceOf } from './place-of.ts';
import { readEverything } from './reading.ts';
import { SECRECY, type Secrecy } from './stage.ts';

/** Attempts in the middle, and offers to the agent. */
const ATTEMPTS = SESSION_ATTEMPTS.length + 1 + DOWNGRADES.length + 2;
const OFFERS = 2;

export const hostileBrokerProof: Proof<Siege> = {
  name: 'd7-hostile-broker',
  requirements: ['D7', 'D8'],
  claim: {
    ja: '乗っ取られた broker は、その全鍵を使っても、接続を読めず、変えられず、弱い暗号にもできない。',
    en: 'A broker in hostile hands, with all keys of its host, cannot read a session, change it or talk it into weaker cryptography.',
  },
  tried: {
    ja: `実際の broker を止め、その証明書と鍵を持つ敵対的な broker を置いて、本物の gateway・agent・端末の間で、傍受、偽造、再送、並べ替え、欠落、切断、遅延、方式の引き下げ、なりすまし（${ATTEMPTS + OFFERS + 1} 通り）を試みた。`,
    en: `In the real broker's place, with its certificates and keys, between the real gateway, agent and client: reading, forging, replaying, reordering, dropping, cutting, delaying, downgrading, impersonating (${ATTEMPTS + OFFERS + 1} ways).`,
  },
  needs: [],
  async collect(run) {
    const stage = await run.stage(SECRECY);
    return inPlaceOf(
      'broker',
      stage,
      () => takeBrokersPlace(stage.system),
      async (broker) => {
        const { inward, ...read } = await readEverything(stage, broker);
        const attempts: Attempted[] = [];
        const { agentKey } = stage.client.pinned(stage.nextDesktop().id);
        for (const one of [...SESSION_ATTEMPTS, replayedSession(inward), ...DOWNGRADES, ...impersonations(agentKey)]) {
          run.progress(attempts.length / ATTEMPTS, one.said.en);
          attempts.push(await attempt(stage, broker, one));
        }
        return { read, attempts, offers: await offers(stage, broker) };
      },
    );
  },
  judge: (seen) => judgeHostileBroker(seen),
};

export function judgeHostileBroker(seen: Siege): Judgement {
  return judgeAttempts(seen, { attempts: ATTEMPTS, offers: OFFERS });
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
