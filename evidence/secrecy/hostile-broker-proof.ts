// D7, D8: a broker in hostile hands reads nothing, and whatever else it does is refused, or seen by the user, and audited.
import type { Judgement, Proof } from '../proof.ts';
import { DOWNGRADES, sessionAttempts } from './attempts.ts';
import { besiegedByBroker } from './broker-siege.ts';
import { judgeAttempts, type Siege } from './judge-attempts.ts';
import { SECRECY } from './stage.ts';

/** Attempts in the middle, and offers to the agent. */
const ATTEMPTS = sessionAttempts('agent').length + 1 + DOWNGRADES.length + 2;
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
    run.progress(0.2, 'a hostile broker');
    return (await besiegedByBroker(stage)).siege;
  },
  judge: (seen) => judgeHostileBroker(seen),
};

export function judgeHostileBroker(seen: Siege): Judgement {
  return judgeAttempts(seen, { attempts: ATTEMPTS, offers: OFFERS });
}
