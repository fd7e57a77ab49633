import { describe, expect, it } from 'vitest';
import { type Bytes, concat, equal } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { type Cipher, webCipher } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { answerHello, makeShares, RefusedByAgent, readHello } from '#protocol/inner/handshake.ts';
import { decodeHello, encodeHello } from '#protocol/inner/messages.ts';
import { decodeProofElement, encodeProofElement } from '#protocol/inner/proof-element.ts';
import { Suite } from '#protocol/inner/suites.ts';
import { HEADER_BYTES } from '#protocol/limits.ts';
import {
  agentKey,
  deviceKey,
  PARAMETERS,
  pairedOf,
  proverOf,
  READY,
  recordsOf,
  type Settings,
  STEPS,
  type Step,
  shakeHands,
  USER,
} from '#tests/support/end-to-end.ts';

const CODE: Bytes = Uint8Array.of(0xb5, 0x4e, 0x91, 0x07, 0xd2, 0x3c, 0x68, 0xf0, 0x1a, 0x8b);
const PAIRING: Partial<Settings> = { mode: 'pair', clientPsk: CODE, agentPsk: CODE, pin: 'pairing', paired: [] };
const otherKey = importSigningKey(newSigningKeyPem());

/** Replaces one record on its way. */
const replacing = (step: Step, change: (record: Bytes) => Bytes): Partial<Settings> => ({
  path: (at, record) => (at === step ? change(record) : record),
});

describe('a handshake', () => {
  const ciphers: [string, Cipher, Cipher][] = [
    ['node ↔ node', nodeCipher, nodeCipher],
    ['web ↔ node', webCipher, nodeCipher],
    ['node ↔ web', nodeCipher, webCipher],
  ];

  describe.each(ciphers)('%s', (_, client, agent) => {
    it.each(Object.entries(Suite))('ends in the same secrets at both ends, suite %s', async (_name, suite) => {
      const ends = await shakeHands({ client, agent, suite });
      expect(ends.client.session).toEqual({ ...ends.agent.session, sends: 0 });
      expect(ends.agent.session).toMatchObject({ id: PARAMETERS.session, epoch: 0, suite, sends: 1 });
      expect(ends.client.takeTrafficSecrets()).toEqual(ends.agent.takeTrafficSecrets());
    });

    it('pairs: both learn the other key', async () => {
      const ends = await shakeHands({ client, agent, ...PAIRING });
      expect(ends.client.takeTrafficSecrets()).toEqual(ends.agent.takeTrafficSecrets());
    });
  });

  it('has fresh secrets each time', async () => {
    const [one, two] = [await shakeHands(), await shakeHands()];
    expect(one.client.session.resumption).not.toEqual(two.client.session.resumption);
    expect(one.client.takeTrafficSecrets()).not.toEqual(two.client.takeTrafficSecrets());
    expect(one.digest).not.toEqual(two.digest);
  });

  it('has four different secrets', async () => {
    const { client } = await shakeHands();
    const { exporter, resumption } = client.session;
    const traffic = client.takeTrafficSecrets();
    expect(new Set([exporter, resumption, traffic.client, traffic.agent].map(String)).size).toBe(4);
  });

  it('tells what it verified', async () => {
    const shares = await makeShares(nodeCipher, Suite.p256, 'pair', CODE);
    const { record, next } = await shares.hello(PARAMETERS);
    const hello = readHello(record);
    expect(hello).toMatchObject({ ...PARAMETERS, suite: Suite.p256, mode: 'pair' });
    expect(await hello.digest(webCipher)).toEqual(shares.digest);
    const answered = await answerHello(nodeCipher, hello, agentKey, CODE);
    const agent = await (await next.handle(answered.records[0])).handle(answered.records[1], 'pairing');
    expect(agent.agentKey).toEqual(agentKey.publicKey);
    const proof = await agent.prove(USER, proverOf(deviceKey));
    const user = await answered.next.handle(proof.record, { user: USER, keys: [], webauthn: null });
    expect([user.user, user.key]).toEqual([USER, pairedOf(deviceKey)]);
    const { ready } = await proof.next.handle((await user.ready(READY)).record);
    expect(ready).toEqual(READY);
  });

  it('finds the paired key among several', async () => {
    await shakeHands({ paired: [pairedOf(otherKey), pairedOf(deviceKey)] });
  });

  it('takes a pin in pair mode too, and holds to it', async () => {
    await shakeHands({ ...PAIRING, pin: agentKey.publicKey });
    await expect(shakeHands({ ...PAIRING, pin: otherKey.publicKey })).rejects.toThrow('AGENT_KEY_OTHER');
  });
});

describe('tampering', () => {
  async function refusedEverywhere(step: Step, settings: Partial<Settings>, every: number): Promise<void> {
    const length = (await recordsOf(settings))[step].length;
    for (let at = 0; at < length; at++) {
      if (at % every !== 0 && at > 160 && at < length - 160) continue;
      const change = (record: Bytes) => {
        record[at] = (record[at] as number) ^ (1 << (at % 8));
        return record;
      };
      const handshake = shakeHands({ ...settings, ...replacing(step, change) });
      await expect(handshake, `byte ${at} of ${step}`).rejects.toBeInstanceOf(Refusal);
    }
  }

  it.each(STEPS)('with any byte of %s is refused, default suite', async (step) => {
    await refusedEverywhere(step, {}, 1);
  });

  it.each(STEPS)('with a byte of %s is refused, second suite', async (step) => {
    await refusedEverywhere(step, { suite: Suite.x25519 }, 41);
  });

  it.each(STEPS)('with a byte of %s is refused, pairing', async (step) => {
    await refusedEverywhere(step, PAIRING, 61);
  });

  it.each(STEPS)('with the length of %s is refused', async (step) => {
    for (const change of [
      (record: Bytes) => record.slice(0, -1),
      (record: Bytes) => concat(record, Uint8Array.of(0)),
      (record: Bytes) => record.slice(0, HEADER_BYTES),
      (record: Bytes) => record.slice(0, 3),
      () => new Uint8Array(0),
      (record: Bytes) => concat(record, new Uint8Array(8_192)),
    ]) {
      await expect(shakeHands(replacing(step, change))).rejects.toBeInstanceOf(Refusal);
    }
  });

  it('by putting any record of another handshake in its place is refused', async () => {
    const other = await recordsOf();
    for (const step of STEPS) {
      // A hello of another handshake is answered, since nothing of a hello is verified; the client then sees it.
      await expect(shakeHands(replacing(step, () => other[step])), step).rejects.toBeInstanceOf(Refusal);
    }
  });

  it('by sending one record in the place of another is refused', async () => {
    for (const step of STEPS) {
      const seen: Bytes[] = [];
      const path = (at: Step, record: Bytes): Bytes => {
        seen.push(record);
        return at === step ? (seen.at(-2) ?? new Uint8Array(0)) : record;
      };
      await expect(shakeHands({ path }), step).rejects.toBeInstanceOf(Refusal);
    }
  });
});

describe('what both ends must agree on', () => {
  /** Changes a field of the hello behind the client's back. */
  const hello = (change: Partial<ReturnType<typeof decodeHello>>): Partial<Settings> =>
    replacing('hello', (record) => {
      const body = encodeHello({ ...decodeHello(record.slice(HEADER_BYTES)), ...change });
      return concat(record.subarray(0, HEADER_BYTES), body);
    });

  it.each([
    ['session', { session: 'f'.repeat(32) }],
    ['epoch', { epoch: 1 }],
    ['municipality', { municipality: '271004' }],
    ['desktop', { desktop: '131016/office/desk-2' }],
    ['grant', { grant: 'b3RoZXI.Z3JhbnQ.c2ln' }],
    ['nonce', { nonce: new Uint8Array(32) }],
  ])('%s: another one is refused', async (_, change) => {
    await expect(shakeHands(hello(change))).rejects.toThrow('RECORD_FORGED');
  });

  it('the shares: a relay that puts its own in gets nowhere', async () => {
    const relay = await nodeCipher.ecdh('P-256');
    const kem = await nodeCipher.kem();
    for (const change of [{ share: relay.share }, { encapsulationKey: kem.encapsulationKey }]) {
      await expect(shakeHands(hello(change))).rejects.toThrow('RECORD_FORGED');
    }
  });

  it('the suite: a relay cannot choose the other one', async () => {
    const weaker = await makeShares(nodeCipher, Suite.x25519, 'open');
    const { record } = await weaker.hello(PARAMETERS);
    await expect(shakeHands(replacing('hello', () => record))).rejects.toBeInstanceOf(Refusal);
    const { share } = await nodeCipher.ecdh('X25519');
    await expect(shakeHands(hello({ suite: Suite.x25519, share }))).rejects.toBeInstanceOf(Refusal);
  });

  it('the mode: open does not pass for pair', async () => {
    const handshake = shakeHands({ ...hello({ mode: 'pair' }), agentPsk: CODE });
    await expect(handshake).rejects.toThrow('RECORD_FORGED');
  });

  it('the agent key: the pinned one or none', async () => {
    await expect(shakeHands({ agentKey: otherKey })).rejects.toThrow('AGENT_KEY_OTHER');
    await expect(shakeHands({ pin: 'pairing' })).rejects.toThrow('AGENT_KEY_UNPINNED');
  });

  it('the agent key: its public half is not enough', async () => {
    const impostor = { publicKey: agentKey.publicKey, sign: otherKey.sign };
    await expect(shakeHands({ agentKey: impostor })).rejects.toThrow('AGENT_SIGNATURE');
  });

  it('the device key: a paired one or none', async () => {
    await expect(shakeHands({ deviceKey: otherKey })).rejects.toThrow('PROOF_WRONG');
    await expect(shakeHands({ paired: [] })).rejects.toThrow('USER_NOT_PAIRED');
  });

  it('the user: the grant and the proof name the same', async () => {
    await expect(shakeHands({ user: 'suzuki' })).rejects.toThrow('GRANT_MISMATCH');
    await expect(shakeHands({ expectedUser: 'suzuki' })).rejects.toThrow('GRANT_MISMATCH');
  });

  it('the proof: one over another transcript is refused', async () => {
    let stolen: Bytes = new Uint8Array(0);
    const thief = {
      publicKey: deviceKey.publicKey,
      async sign(data: Bytes) {
        stolen = await deviceKey.sign(data);
        return stolen;
      },
    };
    await shakeHands({ deviceKey: thief });
    const replayer = { publicKey: deviceKey.publicKey, sign: async () => stolen };
    await expect(shakeHands({ deviceKey: replayer })).rejects.toThrow('PROOF_WRONG');
  });

  it('the purpose of a signature: the label is signed with it', async () => {
    const inputs: Bytes[] = [];
    const watch = (key: typeof deviceKey) => ({
      publicKey: key.publicKey,
      async sign(data: Bytes) {
        inputs.push(data);
        return key.sign(data);
      },
    });
    await shakeHands({ agentKey: watch(agentKey), deviceKey: watch(deviceKey) });
    await shakeHands({ ...PAIRING, deviceKey: watch(deviceKey) });
    const labels = inputs.map((input) => {
      expect(input.subarray(0, 64).every((byte) => byte === 0x20)).toBe(true);
      return new TextDecoder().decode(input.subarray(64, input.indexOf(0, 64)));
    });
    expect(labels).toEqual(['tw/agent/1', 'tw/proof/1', 'tw/pair/1']);
    expect(inputs.every((input) => input.length === 64 + input.indexOf(0, 64) - 64 + 1 + 32)).toBe(true);
  });
});

describe('pairing', () => {
  it('with another code is refused', async () => {
    for (let i = 0; i < CODE.length; i++) {
      const guess = CODE.slice();
      guess[i] = (guess[i] as number) ^ 0x80;
      await expect(shakeHands({ ...PAIRING, clientPsk: guess })).rejects.toThrow('RECORD_FORGED');
    }
  });

  it('without a code, or with one where none belongs, is no handshake at all', async () => {
    await expect(makeShares(nodeCipher, Suite.p256, 'pair')).rejects.toThrow(TypeError);
    await expect(makeShares(nodeCipher, Suite.p256, 'open', CODE)).rejects.toThrow(TypeError);
    const { record } = await (await makeShares(nodeCipher, Suite.p256, 'pair', CODE)).hello(PARAMETERS);
    await expect(answerHello(nodeCipher, readHello(record), agentKey)).rejects.toThrow(TypeError);
  });

  it('is not open mode: a proof that carries a key is refused there, and one without is refused here', () => {
    const signature = new Uint8Array(64);
    const carrying = encodeProofElement({ kind: 3, publicKey: deviceKey.publicKey, signature });
    const plain = encodeProofElement({ kind: 1, signature });
    expect(() => decodeProofElement(carrying, 'open')).toThrow('MESSAGE_UNEXPECTED');
    expect(() => decodeProofElement(plain, 'pair')).toThrow('MESSAGE_UNEXPECTED');
    expect(() => decodeProofElement(Uint8Array.of(5, ...signature), 'open')).toThrow('MESSAGE_UNEXPECTED');
    expect(() => decodeProofElement(Uint8Array.of(...plain, 0), 'open')).toThrow('MALFORMED');
  });
});

describe('each step', () => {
  const begin = async () => {
    const shares = await makeShares(nodeCipher, Suite.p256, 'open');
    const offered = await shares.hello(PARAMETERS);
    const answered = await answerHello(nodeCipher, readHello(offered.record), agentKey);
    return { shares, offered, answered };
  };
  const expected = { user: USER, keys: [pairedOf(deviceKey)], webauthn: null };

  it('works once', async () => {
    const { shares, offered, answered } = await begin();
    await expect(shares.hello(PARAMETERS)).rejects.toThrow('MESSAGE_UNEXPECTED');
    const expectIdentity = await offered.next.handle(answered.records[0]);
    await expect(offered.next.handle(answered.records[0])).rejects.toThrow('MESSAGE_UNEXPECTED');
    const agent = await expectIdentity.handle(answered.records[1], agentKey.publicKey);
    await expect(expectIdentity.handle(answered.records[1], agentKey.publicKey)).rejects.toThrow('MESSAGE_UNEXPECTED');
    const proof = await agent.prove(USER, proverOf(deviceKey));
    await expect(agent.prove(USER, proverOf(deviceKey))).rejects.toThrow('MESSAGE_UNEXPECTED');
    const user = await answered.next.handle(proof.record, expected);
    await expect(answered.next.handle(proof.record, expected)).rejects.toThrow('MESSAGE_UNEXPECTED');
    const last = await user.ready(READY);
    await expect(user.ready(READY)).rejects.toThrow('MESSAGE_UNEXPECTED');
    const { established } = await proof.next.handle(last.record);
    await expect(proof.next.handle(last.record)).rejects.toThrow('MESSAGE_UNEXPECTED');
    established.takeTrafficSecrets();
    expect(() => established.takeTrafficSecrets()).toThrow('MESSAGE_UNEXPECTED');
  });

  it('is over once it has failed', async () => {
    const { offered, answered } = await begin();
    const bad = answered.records[0].slice(0, -1);
    await expect(offered.next.handle(bad)).rejects.toThrow('MALFORMED');
    await expect(offered.next.handle(answered.records[0])).rejects.toThrow('MESSAGE_UNEXPECTED');
  });

  it('leaves the agent one last word, whoever speaks it, so that its nonce is never used twice', async () => {
    const { offered, answered } = await begin();
    const agent = await (await offered.next.handle(answered.records[0])).handle(
      answered.records[1],
      agentKey.publicKey,
    );
    const proof = await agent.prove(USER, proverOf(deviceKey));
    const user = await answered.next.handle(proof.record, expected);
    await answered.next.refuse('DESKTOP_BUSY');
    await expect(answered.next.refuse('DESKTOP_BUSY')).rejects.toThrow('MESSAGE_UNEXPECTED');
    await expect(user.refuse('DESKTOP_BUSY')).rejects.toThrow('MESSAGE_UNEXPECTED');
    await expect(user.ready(READY)).rejects.toThrow('MESSAGE_UNEXPECTED');
  });

  it('lets the agent refuse under the seal, after a proof that failed and after one that held', async () => {
    for (const verified of [false, true]) {
      const { offered, answered } = await begin();
      const identity = await offered.next.handle(answered.records[0]);
      const agent = await identity.handle(answered.records[1], agentKey.publicKey);
      const proof = await agent.prove(USER, proverOf(verified ? deviceKey : otherKey));
      const user = await answered.next.handle(proof.record, expected).catch(() => null);
      const refused = await (user ?? answered.next).refuse('NOT_PAIRED');
      const error = await proof.next.handle(refused).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RefusedByAgent);
      expect((error as RefusedByAgent).code).toBe('NOT_PAIRED');
    }
  });

  it('cannot be skipped: verified is what only the verifying step makes', async () => {
    const { AgentVerified, UserVerified } = await import('#protocol/inner/handshake.ts');
    // @ts-expect-error the constructor is private
    const forged = () => [new AgentVerified({}, agentKey.publicKey), new UserVerified({}, {}, {})];
    // @ts-expect-error a literal lacks the private fields
    const literal: InstanceType<typeof UserVerified> = { user: USER, key: pairedOf(deviceKey) };
    expect([typeof forged, typeof literal]).toEqual(['function', 'object']);
  });
});

describe('what passes on the wire', () => {
  it('shows neither the user, nor a key of either end, nor the code', async () => {
    for (const settings of [{}, PAIRING]) {
      const wire = concat(...Object.values(await recordsOf(settings)));
      const holds = (part: Uint8Array): boolean =>
        wire.some((_, at) => equal(wire.subarray(at, at + part.length), part));
      expect(holds(new TextEncoder().encode(PARAMETERS.desktop))).toBe(true); // the search itself works
      expect(holds(new TextEncoder().encode(USER))).toBe(false);
      expect(holds(agentKey.publicKey)).toBe(false);
      expect(holds(deviceKey.publicKey)).toBe(false);
      expect(holds(CODE)).toBe(false);
    }
  });
});
