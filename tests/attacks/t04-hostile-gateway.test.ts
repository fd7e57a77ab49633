// T04: a gateway with all of its keys, the grant key among them. It can make any grant for any user; it holds no device
// key and no agent key, so the agent's own check of the user (session.md's proof) must stop it.
import { type CryptoKey, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, concat, equal, fromBase64Url, toBase64Url, utf8 } from '#protocol/bytes.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { answerHello, type Mode, makeShares, readHello, UserVerified } from '#protocol/inner/handshake.ts';
import type { PairedKey } from '#protocol/inner/proof.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import { signGrant, verifyGrant } from '#protocol/outer/grant.ts';
import { agentKey, deviceKey, PARAMETERS, pairedOf, proverOf, shakeHands, USER } from '#tests/support/end-to-end.ts';

const NOW = Date.UTC(2026, 10, 22, 9);
const gatewayKey = importSigningKey(newSigningKeyPem());
let grantKey: { privateKey: CryptoKey; publicKey: CryptoKey };

beforeAll(async () => {
  grantKey = await generateKeyPair('ES256');
});

/** The gateway plays the client, with a grant of its own making that names its own shares. */
async function opens(
  user: string,
  device: SigningKey,
  paired: readonly PairedKey[],
  mode: Mode = 'open',
  code?: Bytes,
) {
  const shares = await makeShares(nodeCipher, DEFAULT_SUITE, mode, code);
  const grant = await signGrant(
    { kid: 'one', key: grantKey.privateKey },
    {
      aud: PARAMETERS.desktop,
      sub: user,
      municipality: PARAMETERS.municipality,
      cnf: { 'x5t#S256': 'A'.repeat(43) },
      amr: ['mtls', 'otp'],
      session: PARAMETERS.session,
      epoch: 0,
      mode,
      policy: { idleSeconds: 900, overallSeconds: 43_200 },
      hello: toBase64Url(shares.digest),
      jti: 'B'.repeat(22),
    },
    NOW,
  );
  const offered = await shares.hello({ ...PARAMETERS, grant });

  // The agent: the grant holds in every point that a grant has
  const hello = readHello(offered.record);
  const claims = await verifyGrant([{ kid: 'one', key: grantKey.publicKey }], hello.grant, NOW);
  expect(equal(await hello.digest(nodeCipher), fromBase64Url(claims.hello))).toBe(true);
  const answered = await answerHello(
    nodeCipher,
    hello,
    agentKey,
    mode === 'pair' ? new Uint8Array(10).fill(7) : undefined,
  );

  const agent = await (await offered.next.handle(answered.records[0])).handle(
    answered.records[1],
    mode === 'pair' ? 'pairing' : agentKey.publicKey,
  );
  const proof = await agent.prove(user, proverOf(device));
  return answered.next.handle(proof.record, { user: claims.sub, keys: paired, webauthn: null });
}

describe('a hostile gateway', () => {
  it('gets in nowhere with a true grant and a key of its own', async () => {
    await expect(opens(USER, gatewayKey, [pairedOf(deviceKey)])).rejects.toThrow('PROOF_WRONG');
    // The positive control: the same path with the true key
    expect(await opens(USER, deviceKey, [pairedOf(deviceKey)])).toBeInstanceOf(UserVerified);
  });

  it('gets in nowhere by naming the paired key', async () => {
    const claimed = { publicKey: deviceKey.publicKey, sign: gatewayKey.sign };
    await expect(opens(USER, claimed, [pairedOf(deviceKey)])).rejects.toThrow('PROOF_WRONG');
  });

  it('gets in nowhere as a user who never paired', async () => {
    await expect(opens('suzuki', gatewayKey, [])).rejects.toThrow('USER_NOT_PAIRED');
  });

  it('cannot make itself a pairing: its grant says pair, but the code never left the office', async () => {
    const guess = new Uint8Array(10).fill(8);
    await expect(opens(USER, gatewayKey, [], 'pair', guess)).rejects.toThrow('RECORD_FORGED');
  });

  it('cannot use what a user signed in an earlier session', async () => {
    const signed: Bytes[] = [];
    const watched: SigningKey = {
      publicKey: deviceKey.publicKey,
      async sign(data) {
        const signature = await deviceKey.sign(data);
        signed.push(signature);
        return signature;
      },
    };
    await shakeHands({ deviceKey: watched });
    const replayed = { publicKey: deviceKey.publicKey, sign: async () => signed[0] as Bytes };
    await expect(opens(USER, replayed, [pairedOf(deviceKey)])).rejects.toThrow('PROOF_WRONG');
  });

  it('cannot use what a device signs elsewhere: another purpose, another input', async () => {
    // The input of a sign-in begins with its label; a proof begins with 64 spaces and the label of a proof.
    const signIn = await nodeCipher.sha256(concat(utf8('tw/signin/1'), Uint8Array.of(0), new Uint8Array(32)));
    const signature = await deviceKey.sign(signIn);
    const borrowed = { publicKey: deviceKey.publicKey, sign: async () => signature };
    await expect(opens(USER, borrowed, [pairedOf(deviceKey)])).rejects.toThrow('PROOF_WRONG');
  });

  it('cannot sit between: the client talks to the pinned agent or to nobody', async () => {
    await expect(shakeHands({ agentKey: gatewayKey })).rejects.toThrow('AGENT_KEY_OTHER');
  });

  it('cannot turn one user’s true proof into another user’s session', async () => {
    await expect(shakeHands({ user: USER, expectedUser: 'suzuki' })).rejects.toThrow('GRANT_MISMATCH');
  });

  it('cannot hand out a session that was refused', async () => {
    const shares = await makeShares(nodeCipher, DEFAULT_SUITE, 'open');
    const { record, next } = await shares.hello(PARAMETERS);
    const answered = await answerHello(nodeCipher, readHello(record), agentKey);
    const agent = await (await next.handle(answered.records[0])).handle(answered.records[1], agentKey.publicKey);
    const proof = await agent.prove(USER, proverOf(gatewayKey));
    const expected = { user: USER, keys: [pairedOf(deviceKey)], webauthn: null };
    await expect(answered.next.handle(proof.record, expected)).rejects.toThrow('PROOF_WRONG');
    await expect(answered.next.handle(proof.record, { ...expected, keys: [pairedOf(gatewayKey)] })).rejects.toThrow(
      'MESSAGE_UNEXPECTED',
    );
    const refused = await answered.next.refuse('NOT_PAIRED');
    await expect(proof.next.handle(refused)).rejects.toThrow('the agent refused: NOT_PAIRED');
  });
});
