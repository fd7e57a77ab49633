// T12: taking over a pairing: guessing the code, standing between, putting in another key. Gateway and broker relay the
// pairing and may both be hostile; the code goes from the office to the user by another way.
import { describe, expect, it } from 'vitest';
import { type Bytes, concat, equal } from '#protocol/bytes.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { answerHello, makeShares, readHello } from '#protocol/inner/handshake.ts';
import { decodeHello, encodeHello } from '#protocol/inner/messages.ts';
import { parsePairingCode } from '#protocol/inner/pairing-code.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import { HEADER_BYTES, PAIRING_TRIES } from '#protocol/limits.ts';
import {
  agentKey,
  deviceKey,
  PARAMETERS,
  proverOf,
  recordsOf,
  type Settings,
  shakeHands,
  USER,
} from '#tests/support/end-to-end.ts';

const CODE = parsePairingCode('7XK2-9QDM-4RVB-0HTZ');
const PAIRING: Partial<Settings> = { mode: 'pair', clientPsk: CODE, agentPsk: CODE, pin: 'pairing', paired: [] };
const EXPECTED = { user: USER, keys: [], webauthn: null };
const attackerKey = importSigningKey(newSigningKeyPem());

async function begin(code: Bytes) {
  const shares = await makeShares(nodeCipher, DEFAULT_SUITE, 'pair', code);
  return shares.hello(PARAMETERS);
}

describe('taking over a pairing', () => {
  it('is not possible by guessing: each guess is one hello, and all it gives is a record that does not open', async () => {
    for (let guess = 0; guess < PAIRING_TRIES; guess++) {
      const attacker = await begin(nodeCipher.random(10));
      const answered = await answerHello(nodeCipher, readHello(attacker.record), agentKey, CODE);
      const expectIdentity = await attacker.next.handle(answered.records[0]);
      await expect(expectIdentity.handle(answered.records[1], 'pairing')).rejects.toThrow('RECORD_FORGED');
      const junk = concat(Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 1), nodeCipher.random(200));
      await expect(answered.next.handle(junk, EXPECTED)).rejects.toThrow('RECORD_FORGED');
    }
  });

  it('is not possible without proving the code: the proof key alone counts for nothing', async () => {
    const attacker = await begin(new Uint8Array(10));
    const answered = await answerHello(nodeCipher, readHello(attacker.record), agentKey, CODE);
    // The attacker even learns who the agent is, from somewhere, and plays its part towards itself to get a proof
    const own = await answerHello(nodeCipher, readHello(attacker.record), attackerKey, new Uint8Array(10));
    const agent = await (await attacker.next.handle(own.records[0])).handle(own.records[1], 'pairing');
    const { record } = await agent.prove(USER, proverOf(attackerKey));
    await expect(answered.next.handle(record, EXPECTED)).rejects.toThrow('RECORD_FORGED');
  });

  it('is not possible from between, playing agent to the user and user to the agent', async () => {
    const user = await begin(CODE);
    const attacker = await begin(nodeCipher.random(10));
    // Towards the user
    const toUser = await answerHello(nodeCipher, readHello(user.record), attackerKey, nodeCipher.random(10));
    const userExpects = await user.next.handle(toUser.records[0]);
    await expect(userExpects.handle(toUser.records[1], 'pairing'), 'so the user pins nothing').rejects.toThrow(
      'RECORD_FORGED',
    );
    // Towards the agent
    const toAgent = await answerHello(nodeCipher, readHello(attacker.record), agentKey, CODE);
    const attackerExpects = await attacker.next.handle(toAgent.records[0]);
    await expect(attackerExpects.handle(toAgent.records[1], 'pairing')).rejects.toThrow('RECORD_FORGED');
  });

  it('is not possible by putting other shares into the messages that pass', async () => {
    const [ecdh, kem] = [await nodeCipher.ecdh('P-256'), await nodeCipher.kem()];
    for (const change of [{ share: ecdh.share }, { encapsulationKey: kem.encapsulationKey }]) {
      const path: Settings['path'] = (step, record) =>
        step === 'hello'
          ? concat(
              record.subarray(0, HEADER_BYTES),
              encodeHello({ ...decodeHello(record.slice(HEADER_BYTES)), ...change }),
            )
          : record;
      await expect(shakeHands({ ...PAIRING, path })).rejects.toThrow('RECORD_FORGED');
    }
  });

  it('is not possible by changing the key in the proof as it passes: each bit of it is sealed', async () => {
    const { length } = (await recordsOf(PAIRING)).proof;
    for (let at = HEADER_BYTES; at < length; at += 5) {
      const path: Settings['path'] = (step, record) => {
        if (step === 'proof') record[at] = (record[at] as number) ^ 0x20;
        return record;
      };
      await expect(shakeHands({ ...PAIRING, path })).rejects.toThrow('RECORD_FORGED');
    }
  });

  it('is not possible by replaying a recorded pairing: the answer is new, and the old proof does not fit it', async () => {
    const recorded = await recordsOf(PAIRING);
    const { next } = await answerHello(nodeCipher, readHello(recorded.hello), agentKey, CODE);
    await expect(next.handle(recorded.proof, EXPECTED)).rejects.toThrow('RECORD_FORGED');
  });

  it('is not possible with a key that its owner did not sign with: a proof of possession comes with it', async () => {
    const claimed = { publicKey: deviceKey.publicKey, sign: attackerKey.sign };
    await expect(shakeHands({ ...PAIRING, deviceKey: claimed })).rejects.toThrow('PROOF_WRONG');
  });

  it('is not possible with a proof of open mode: the label is another', async () => {
    let proof: Bytes = new Uint8Array(0);
    const watched = {
      publicKey: deviceKey.publicKey,
      async sign(data: Bytes) {
        proof = await deviceKey.sign(data);
        return proof;
      },
    };
    await shakeHands({ deviceKey: watched });
    const replayed = { publicKey: deviceKey.publicKey, sign: async () => proof };
    await expect(shakeHands({ ...PAIRING, deviceKey: replayed })).rejects.toThrow('PROOF_WRONG');
  });

  it('does not give the code away: it is in no record of a pairing', async () => {
    const wire = concat(...Object.values(await recordsOf(PAIRING)));
    expect(wire.some((_, at) => equal(wire.subarray(at, at + CODE.length), CODE))).toBe(false);
  });
});
