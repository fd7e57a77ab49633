// T03: a broker with all of its keys, and whoever else sits on the path. It sees every record of the session, can hold
// back, change, invent and replay; it must not be able to read, change or open anything.
import { describe, expect, it } from 'vitest';
import { type Bytes, equal, utf8 } from '#protocol/bytes.ts';
import { Channel } from '#protocol/inner/channel.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { answerHello, makeShares, readHello } from '#protocol/inner/handshake.ts';
import { encodeInput } from '#protocol/inner/profile.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import { Lane } from '#protocol/lanes.ts';
import {
  agentKey,
  deviceKey,
  openChannels,
  PARAMETERS,
  pairedOf,
  recordsOf,
  shakeHands,
  USER,
} from '#tests/support/end-to-end.ts';

const brokerKey = importSigningKey(newSigningKeyPem());

/** A client that has sent its hello and waits. */
async function client() {
  const shares = await makeShares(nodeCipher, DEFAULT_SUITE, 'open');
  return { shares, ...(await shares.hello(PARAMETERS)) };
}

describe('a hostile broker', () => {
  it('cannot play the agent: it has not the pinned key', async () => {
    const { record, next } = await client();
    const { records } = await answerHello(nodeCipher, readHello(record), brokerKey);
    const expectIdentity = await next.handle(records[0]);
    await expect(expectIdentity.handle(records[1], agentKey.publicKey)).rejects.toThrow('AGENT_KEY_OTHER');
  });

  it('cannot play the agent by naming the pinned key', async () => {
    const { record, next } = await client();
    const claimed = { publicKey: agentKey.publicKey, sign: brokerKey.sign };
    const { records } = await answerHello(nodeCipher, readHello(record), claimed);
    const expectIdentity = await next.handle(records[0]);
    await expect(expectIdentity.handle(records[1], agentKey.publicKey)).rejects.toThrow('AGENT_SIGNATURE');
  });

  it('cannot have the agent sign for its own key exchange: the transcripts differ', async () => {
    // It opens a session of its own with the agent and passes the signature on to the client.
    const own = await client();
    const victim = await client();
    let signature: Bytes = new Uint8Array(0);
    const watched = {
      publicKey: agentKey.publicKey,
      async sign(data: Bytes) {
        signature = await agentKey.sign(data);
        return signature;
      },
    };
    await answerHello(nodeCipher, readHello(own.record), watched);
    const borrowed = { publicKey: agentKey.publicKey, sign: async () => signature };
    const { records } = await answerHello(nodeCipher, readHello(victim.record), borrowed);
    const expectIdentity = await victim.next.handle(records[0]);
    await expect(expectIdentity.handle(records[1], agentKey.publicKey)).rejects.toThrow('AGENT_SIGNATURE');
  });

  it('cannot put its own shares into the hello: neither the grant nor the client agrees', async () => {
    const honest = await client();
    const own = await client();
    const swapped = readHello(own.record);
    expect(equal(await swapped.digest(nodeCipher), honest.shares.digest), 'what the grant names').toBe(false);
    const { records } = await answerHello(nodeCipher, swapped, agentKey);
    const expectIdentity = await honest.next.handle(records[0]);
    await expect(expectIdentity.handle(records[1], agentKey.publicKey)).rejects.toThrow('RECORD_FORGED');
  });

  it('cannot replay a session: the answer to an old hello is new, and the old proof does not fit it', async () => {
    const old = await recordsOf();
    const { next } = await answerHello(nodeCipher, readHello(old.hello), agentKey);
    const expected = { user: USER, keys: [pairedOf(deviceKey)], webauthn: null };
    await expect(next.handle(old.proof, expected)).rejects.toThrow('RECORD_FORGED');
  });

  it('cannot say no in the agent’s name, nor yes', async () => {
    const other = await recordsOf();
    for (const forged of [new Uint8Array(27).fill(1), other.ready]) {
      forged.set([1, 1, 0, 0, 0, 0, 0, 2]);
      const path = (step: string, record: Bytes): Bytes => (step === 'ready' ? forged : record);
      await expect(shakeHands({ path })).rejects.toThrow('RECORD_FORGED');
    }
  });

  it('cannot end a session so that it looks orderly: without the sealed close there is none', async () => {
    const { agent, client: page, outward } = await openChannels();
    agent.send(Lane.frame, utf8('one'));
    agent.send(Lane.frame, utf8('two'));
    await agent.close('DESKTOP_LOST');
    const [first, , close] = outward as [Bytes, Bytes, Bytes];
    await page.receive(first);
    // It drops the last frame and delivers the close
    await expect(page.receive(close)).rejects.toThrow('RECORD_OUT_OF_ORDER');
  });

  it('sees lane, sequence and length, and nothing of what was typed or shown', async () => {
    const { agent, client: page, outward, inward } = await openChannels();
    const secret = utf8('個人番号 1234');
    for (let i = 0; i < 20; i++) agent.send(Lane.frame, secret);
    for (const keysym of [0x31, 0x32, 0x33]) page.send(Lane.input, encodeInput({ type: 'key', down: true, keysym }));
    const holds = (record: Bytes, part: Bytes): boolean =>
      record.some((_, at) => equal(record.subarray(at, at + part.length), part));
    for (const record of outward) expect(holds(record, secret.subarray(0, 6))).toBe(false);
    expect(new Set(outward.map((record) => String(record.subarray(8)))).size, 'no two alike').toBe(20);
    expect(new Set(inward.map((record) => record.length)), 'no key by its length').toEqual(new Set([40]));
    expect(holds(secret, secret.subarray(0, 6)), 'the search itself works').toBe(true);
  });

  it('cannot carry a record over to another session of the same two ends', async () => {
    const [one, two] = [await openChannels(), await openChannels()];
    one.client.send(Lane.input, encodeInput({ type: 'key', down: true, keysym: 0xff0d }));
    await expect(two.agent.receive(one.inward[0] as Bytes)).rejects.toThrow('RECORD_FORGED');
  });

  it('cannot make an end use one set of keys twice', async () => {
    const { agent } = await shakeHands();
    const options = { output: () => {}, now: () => 0 };
    new Channel(nodeCipher, agent, options);
    expect(() => new Channel(nodeCipher, agent, options)).toThrow();
  });
});
