// B8, D7, D8: a gateway in hostile hands opens nothing by itself, since the agent asks for a proof that it cannot make; nor
// does it read or change what a real client opens.
import { findAudited } from '#lab/audit-log.ts';
import { toBase64Url } from '#protocol/bytes.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { type ClientShares, makeShares, readHello } from '#protocol/inner/handshake.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import { signLease } from '#protocol/outer/grant.ts';
import { openDesktop, pairDevice } from '#web/core/open.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type Attempted, attempt } from './attempt.ts';
import { DOWNGRADES, impersonations, replayedSession, sessionAttempts } from './attempts.ts';
import { type Forge, type HostileGateway, sign, takeGatewaysPlace } from './hostile-gateway.ts';
import { judgeAttempts, type Offered, type Siege } from './judge-attempts.ts';
import { inPlaceOf } from './place-of.ts';
import { readEverything } from './reading.ts';
import { SECRECY, type Secrecy } from './stage.ts';

export interface GatewaySiege extends Siege {
  /** With the user's device key, which it has not, the agent lets it in: the attempts failed for want of that alone. */
  readonly opensWithDeviceKey: boolean;
}

const ATTEMPTS = sessionAttempts('broker').length + 1 + DOWNGRADES.length + 2 + 1;
const own: SigningKey = importSigningKey(newSigningKeyPem());

/** Without any client: what the agent must write down. */
interface Alone {
  readonly name: string;
  readonly user?: string;
  /** Its own if it is left out. */
  readonly key?: (paired: SigningKey) => SigningKey;
  readonly forge?: Forge;
  readonly mode?: 'pair';
  readonly wanted: string;
  readonly event?: 'offer-refused' | 'pairing-refused';
}

const ALONE: readonly Alone[] = [
  { name: 'a key of its own', wanted: 'PROOF_WRONG' },
  { name: 'the paired key by name', key: ({ publicKey }) => ({ publicKey, sign: own.sign }), wanted: 'PROOF_WRONG' },
  { name: 'a user who never paired', user: 'suzuki', wanted: 'USER_NOT_PAIRED' },
  { name: 'a pairing without a code', mode: 'pair', wanted: 'PAIRING_CODE_MISSING', event: 'pairing-refused' },
  {
    name: 'a grant for other key shares',
    forge: (claims, key) => sign({ ...claims, hello: toBase64Url(nodeCipher.random(32)) }, key),
    wanted: 'GRANT_MISMATCH',
  },
  {
    name: 'a grant of another municipality',
    forge: (claims, key) => sign({ ...claims, municipality: '888888' }, key),
    wanted: 'GRANT_MISMATCH',
    event: 'offer-refused',
  },
  {
    name: 'a lease in the place of a grant',
    forge: ({ session }, key) => signLease(key, { session, epoch: 0, nonce: 'A'.repeat(22) }, Date.now()),
    wanted: 'GRANT_MALFORMED',
    event: 'offer-refused',
  },
];

export const hostileGatewayProof: Proof<GatewaySiege> = {
  name: 'b8-hostile-gateway',
  requirements: ['B8', 'D7', 'D8'],
  claim: {
    ja: '乗っ取られた gateway は、その全鍵を使っても、利用者の証明なしにデスクトップを開けず、接続を読むことも変えることもできない。',
    en: 'A gateway in hostile hands, with all keys of its host, opens no desktop without the user’s own proof, and cannot read or change a session.',
  },
  tried: {
    ja: `実際の gateway を止め、その証明書・許可署名鍵を持つ敵対的な gateway を置いた。単独で開く試み ${ALONE.length} 通りと、本物の端末と agent の間での攻撃 ${ATTEMPTS + 1} 通りを行った。`,
    en: `In the real gateway's place, with its certificates and its grant key: ${ALONE.length} ways to open a desktop alone, and ${ATTEMPTS + 1} attempts between a real client and the agent.`,
  },
  needs: [],
  async collect(run) {
    const stage = await run.stage(SECRECY);
    const { system, client } = stage;
    return inPlaceOf(
      'gateway',
      stage,
      () => takeGatewaysPlace(system, client.user),
      async (gateway) => {
        const offers: Offered[] = [];
        for (const one of ALONE) offers.push(await openAlone(stage, gateway, one));
        const opensWithDeviceKey = await openWith(stage, gateway, client.deviceKey);
        const { inward, ...read } = await readEverything(stage, gateway);
        const attempts: Attempted[] = [];
        const { agentKey } = client.pinned(stage.nextDesktop().id);
        for (const one of [
          ...sessionAttempts('broker'),
          replayedSession(inward),
          ...DOWNGRADES,
          ...impersonations(agentKey),
        ]) {
          run.progress(attempts.length / ATTEMPTS, one.said.en);
          attempts.push(await attempt(stage, gateway, one));
        }
        attempts.push(await ownShares(stage, gateway));
        return { read, attempts, offers, opensWithDeviceKey };
      },
    );
  },
  judge: (seen) => judgeHostileGateway(seen),
};

export function judgeHostileGateway(seen: GatewaySiege): Judgement {
  if (!seen.opensWithDeviceKey) {
    const en = 'Not even with the device key did the agent let it in: nothing was shown.';
    return { result: 'fail', seen: { ja: '利用者の鍵を与えても開けず、試験が成り立たない。', en } };
  }
  return judgeAttempts(seen, { attempts: ATTEMPTS, offers: ALONE.length });
}

async function openAlone(
  { system, client, nextDesktop }: Secrecy,
  gateway: HostileGateway,
  one: Alone,
): Promise<Offered> {
  const { name, user = client.user, key = () => own, forge = sign, mode, wanted, event = 'handshake-refused' } = one;
  const desktop = nextDesktop().id;
  gateway.forge = forge;
  const around = gateway.asClient(user, desktop);
  const opening = {
    suite: DEFAULT_SUITE,
    user,
    desktop,
    prover: { kind: 'device-key' as const, key: key(client.deviceKey) },
  };
  const tried =
    mode === 'pair'
      ? pairDevice(around, opening, '0000-0000-0000-0000')
      : openDesktop(around, opening, client.pinned(desktop));
  const opened = await tried.then(
    () => true,
    () => false,
  );
  gateway.forge = sign;
  const found = await findAudited(system, 'agent', event, { session: around.session }, 4_000);
  return { name, wanted, audited: opened ? 'it opened' : found ? String(found.fields.reason) : null };
}

async function openWith(
  { system, client, nextDesktop }: Secrecy,
  gateway: HostileGateway,
  key: SigningKey,
): Promise<boolean> {
  const desktop = nextDesktop().id;
  const around = gateway.asClient(client.user, desktop);
  const opening = { suite: DEFAULT_SUITE, user: client.user, desktop, prover: { kind: 'device-key' as const, key } };
  const opened = await openDesktop(around, opening, client.pinned(desktop)).catch(() => null);
  opened?.socket.close('ENDED');
  return opened !== null && (await findAudited(system, 'agent', 'session-ended', { session: around.session })) !== null;
}

/** It signs a grant for key shares of its own and puts them into the client's hello: the client finds out. */
async function ownShares(stage: Secrecy, gateway: HostileGateway): Promise<Attempted> {
  let shares: ClientShares | null = null;
  gateway.forge = async (claims, key) => {
    shares = await makeShares(nodeCipher, DEFAULT_SUITE, 'open');
    return sign({ ...claims, hello: toBase64Url(shares.digest) }, key);
  };
  const attempted = await attempt(stage, gateway, {
    name: 'key shares of its own under its own grant',
    said: { ja: '自ら署名した許可での鍵共有の差し替え', en: 'its own key shares, under a grant that it signs' },
    meddle: () => (way, record, middle) => {
      if (way !== 'inward' || !shares) return [record];
      void shares.hello(readHello(record)).then((hello) => middle.put('inward', hello.record));
      shares = null;
      return [];
    },
    expected: { client: { code: 'RECORD_FORGED', authentic: true }, agent: /PEER_GONE/, arrivedMax: 0 },
  });
  gateway.forge = sign;
  return attempted;
}
