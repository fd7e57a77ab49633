import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, concat, toHex, Writer } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { Channel, type Received } from '#protocol/inner/channel.ts';
import { type Cipher, webCipher } from '#protocol/inner/cipher.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { encodeControl, encodeInput } from '#protocol/inner/profile.ts';
import { Lane } from '#protocol/lanes.ts';
import {
  FRAME_CARRIED_BY_BYTES,
  FRAME_PLAINTEXT_MAX_BYTES,
  HEADER_BYTES,
  RECORD_MAX_BYTES,
  SEGMENT_BYTES,
  TAG_BYTES,
  WINDOW_FIRST_BYTES,
} from '#protocol/limits.ts';
import { type Channels, openChannels, PARAMETERS, shakeHands } from '#tests/support/end-to-end.ts';

const KEY_DOWN = encodeInput({ type: 'key', down: true, keysym: 0x61 });
const REFRESH = encodeControl({ type: 'refresh' });
const frame = (value: number, length = 10): Bytes => new Uint8Array(length).fill(value);

/** Hands everything that waits to the other end. */
async function deliver(channels: Channels): Promise<{ atClient: Received[]; atAgent: Received[] }> {
  const take = async (queue: Bytes[], to: Channel): Promise<Received[]> =>
    (await Promise.all(queue.splice(0).map((record) => to.receive(record)))).filter((message) => message !== null);
  return {
    atClient: await take(channels.outward, channels.client),
    atAgent: await take(channels.inward, channels.agent),
  };
}

const next = (queue: Bytes[]): Bytes => queue.shift() ?? new Uint8Array(0);

describe('a channel', () => {
  const ciphers: [string, Cipher, Cipher][] = [
    ['node ↔ node', nodeCipher, nodeCipher],
    ['web ↔ node', webCipher, nodeCipher],
    ['node ↔ web', nodeCipher, webCipher],
  ];

  it.each(ciphers)('carries every lane in order, over key updates, %s', async (_, client, agent) => {
    const channels = await openChannels({ client, agent }, { records: 3, ms: 1000 });
    const sent: Received[] = [];
    for (let i = 0; i < 20; i++) {
      channels.agent.send(Lane.frame, frame(i, 1 + i * 100));
      sent.push({ lane: Lane.frame, plaintext: frame(i, 1 + i * 100) });
      channels.client.send(Lane.input, KEY_DOWN);
      if (i % 5 === 0) channels.client.send(Lane.control, REFRESH);
    }
    await channels.agent.close('IDLE');
    await channels.client.close('ENDED');
    const { atClient, atAgent } = await deliver(channels);
    expect(atClient).toEqual([...sent, { lane: Lane.close, code: 'IDLE' }]);
    expect(atAgent).toHaveLength(25);
    expect(atAgent.at(-1)).toEqual({ lane: Lane.close, code: 'ENDED' });
    expect(atAgent[1]).toEqual({ lane: Lane.control, plaintext: REFRESH });
  });

  it('seals at once with a synchronous cipher', async () => {
    const channels = await openChannels();
    expect(channels.agent.send(Lane.frame, frame(1))).toBe(3);
    expect(channels.outward).toHaveLength(1);
    expect(channels.client.send(Lane.input, KEY_DOWN)).toBe(2);
    expect(channels.inward).toHaveLength(1);
  });

  it('pads input and control to one size, and adds nothing to frames but header and tag', async () => {
    const channels = await openChannels();
    channels.client.send(Lane.input, KEY_DOWN.subarray(0, 8));
    channels.client.send(Lane.control, REFRESH.subarray(0, 10));
    channels.client.acknowledge(0);
    channels.client.close('ENDED');
    channels.agent.send(Lane.frame, frame(1, FRAME_PLAINTEXT_MAX_BYTES));
    const overhead = HEADER_BYTES + TAG_BYTES;
    expect(channels.inward.map((record) => record.length - overhead)).toEqual([16, 32, 16, 16]);
    expect(channels.outward.map((record) => record.length)).toEqual([RECORD_MAX_BYTES]);
    const { atAgent } = await deliver(channels);
    expect(atAgent.slice(0, 2)).toEqual([
      { lane: Lane.input, plaintext: KEY_DOWN },
      { lane: Lane.control, plaintext: REFRESH },
    ]);
  });

  it('sends on no lane that its direction does not have, and no wrong size', async () => {
    const { client, agent } = await openChannels();
    expect(() => client.send(Lane.frame, frame(1))).toThrow('LANE_DIRECTION');
    expect(() => agent.send(Lane.input, KEY_DOWN)).toThrow('LANE_DIRECTION');
    expect(() => agent.send(Lane.control, REFRESH)).toThrow('LANE_DIRECTION');
    expect(() => agent.send(Lane.frame, frame(1, 0))).toThrow(RangeError);
    expect(() => agent.send(Lane.frame, frame(1, FRAME_PLAINTEXT_MAX_BYTES + 1))).toThrow(RangeError);
    expect(() => client.send(Lane.input, frame(1, 17))).toThrow(RangeError);
  });

  it('uses a session up: there is one channel for it', async () => {
    const ends = await shakeHands();
    const options = { output: () => {}, now: () => 0 };
    new Channel(nodeCipher, ends.client, options);
    expect(() => new Channel(nodeCipher, ends.client, options)).toThrow('MESSAGE_UNEXPECTED');
  });

  it.each([nodeCipher, webCipher])('fails for good when a record cannot go out', async (agent) => {
    const ends = await shakeHands({ agent });
    let broken = true;
    const sent: Bytes[] = [];
    const output = (record: Bytes) => {
      if (broken) throw new Error('the socket is gone');
      sent.push(record);
    };
    const channel = new Channel(agent, ends.agent, { output, now: () => 0 });
    const send = () => channel.send(Lane.frame, frame(1));
    if (agent === nodeCipher) expect(send).toThrow('the socket is gone');
    else send();
    await channel.close('ENDED');
    broken = false;
    expect(send).toThrow();
    await channel.close('ENDED');
    expect(sent).toEqual([]);
  });
});

describe('what stands between the ends', () => {
  const opened = async () => {
    const channels = await openChannels();
    for (let i = 0; i < 6; i++) channels.agent.send(Lane.frame, frame(i));
    for (let i = 0; i < 6; i++) channels.client.send(Lane.input, KEY_DOWN);
    return channels;
  };

  it('may not drop, repeat or reorder: nothing is delivered from the first gap on', async () => {
    const change = fc.oneof(
      fc.record({ kind: fc.constant('drop' as const), at: fc.nat(5) }),
      fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(5) }),
      fc.record({ kind: fc.constant('swap' as const), at: fc.nat(4) }),
    );
    const property = fc.asyncProperty(change, fc.boolean(), async ({ kind, at }, inward) => {
      const channels = await opened();
      const queue = inward ? channels.inward : channels.outward;
      const [here, after] = [queue[at] as Bytes, queue[at + 1] as Bytes];
      if (kind === 'drop') queue.splice(at, 1);
      if (kind === 'repeat') queue.splice(at, 0, here);
      if (kind === 'swap') queue.splice(at, 2, after, here);
      const to = inward ? channels.agent : channels.client;
      const results = await Promise.allSettled(queue.map((record) => to.receive(record)));
      const good = kind === 'repeat' ? at + 1 : at;
      const wanted = queue.map((_, i) => (i < good ? 'fulfilled' : 'rejected'));
      // The last one dropped leaves no gap that a receiver could see: the missing close tells it instead.
      expect(results.map((result) => result.status)).toEqual(wanted);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ reason: 'RECORD_OUT_OF_ORDER' });
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('may not change a bit, cut a byte off or add one', async () => {
    const change = fc.oneof(
      fc.record({ kind: fc.constant('flip' as const), at: fc.nat(33), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('cut' as const), at: fc.nat(33), bit: fc.constant(0) }),
      fc.record({ kind: fc.constant('add' as const), at: fc.integer({ min: 1, max: 40_000 }), bit: fc.constant(0) }),
    );
    const property = fc.asyncProperty(change, fc.boolean(), async ({ kind, at, bit }, inward) => {
      const channels = await opened();
      const record = next(inward ? channels.inward : channels.outward);
      let changed = record.slice();
      if (kind === 'flip') changed[at] = (changed[at] as number) ^ (1 << bit);
      if (kind === 'cut') changed = changed.slice(0, at);
      if (kind === 'add') changed = concat(changed, new Uint8Array(at));
      const to = inward ? channels.agent : channels.client;
      await expect(to.receive(changed)).rejects.toBeInstanceOf(Refusal);
      await expect(to.receive(record), 'and nothing after it').rejects.toBeInstanceOf(Refusal);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('may not put a record of another session, epoch, direction or lane in', async () => {
    const here = await opened();
    const other = await opened();
    await expect(here.client.receive(next(other.outward))).rejects.toThrow('RECORD_FORGED');

    const epoch = await openChannels({ parameters: { ...PARAMETERS, epoch: 1 } });
    epoch.agent.send(Lane.frame, frame(1));
    await expect((await opened()).client.receive(next(epoch.outward))).rejects.toThrow('RECORD_FORGED');

    // Back to its sender: the same session and sequence, the other direction
    const reflected = await openChannels();
    reflected.client.send(Lane.input, KEY_DOWN);
    await expect(reflected.client.receive(next(reflected.inward))).rejects.toThrow('LANE_DIRECTION');
    const again = await openChannels();
    again.client.acknowledge(0);
    again.client.acknowledge(0);
    await expect(again.client.receive(again.inward[1] as Bytes)).rejects.toThrow('RECORD_FORGED');

    // The same bytes on another lane of the same size
    const moved = await openChannels();
    moved.client.send(Lane.input, KEY_DOWN);
    const record = next(moved.inward);
    record[1] = Lane.ack;
    await expect(moved.agent.receive(record)).rejects.toThrow('RECORD_FORGED');
  });

  it('may not use a lane that does not exist in a direction, or is shut', async () => {
    const lanes: [number, string][] = [
      [Lane.handshake, 'LANE_SHUT'],
      [Lane.frame, 'LANE_DIRECTION'],
      [0, 'LANE_UNKNOWN'],
      [7, 'LANE_UNKNOWN'],
    ];
    for (const [lane, reason] of lanes) {
      const channels = await opened();
      const record = next(channels.inward);
      record[1] = lane;
      await expect(channels.agent.receive(record)).rejects.toThrow(reason);
    }
    const channels = await opened();
    const record = next(channels.outward);
    record[1] = Lane.input;
    await expect(channels.client.receive(record)).rejects.toThrow('LANE_DIRECTION');
  });

  it('may not send after a sealed close, and neither may the end that closed', async () => {
    const channels = await opened();
    await channels.agent.close('DESKTOP_LOST');
    await channels.agent.close('ENDED');
    expect(() => channels.agent.send(Lane.frame, frame(1))).toThrow('LANE_SHUT');
    expect(() => channels.agent.acknowledge(0)).toThrow('LANE_SHUT');
    const late = channels.outward.at(-1) as Bytes;
    const { atClient } = await deliver(channels);
    expect(atClient.at(-1)).toEqual({ lane: Lane.close, code: 'DESKTOP_LOST' });
    await expect(channels.client.receive(late)).rejects.toThrow('LANE_SHUT');
  });
});

/** Seals what no honest end would: plaintext of our choice, on any lane, with the true keys. */
async function hostileEnd(direction: 'inward' | 'outward'): Promise<{
  victim: Channel;
  say(lane: Lane, plaintext: Bytes): Promise<Received | null>;
}> {
  const ends = await shakeHands();
  const [ownEnd, victimEnd] = direction === 'inward' ? [ends.client, ends.agent] : [ends.agent, ends.client];
  const { Generations } = await import('#protocol/inner/generation.ts');
  const traffic = ownEnd.takeTrafficSecrets();
  const { id: session, epoch, sends } = ownEnd.session;
  const secret = direction === 'inward' ? traffic.client : traffic.agent;
  const keys = new Generations(nodeCipher, { session, epoch, direction: sends }, secret);
  const victim = new Channel(nodeCipher, victimEnd, { output: () => {}, now: () => 0 });
  let sequence = direction === 'inward' ? 2 : 3;
  return {
    victim,
    say: async (lane, plaintext) => victim.receive(await keys.seal(lane, sequence++, plaintext)),
  };
}

describe('an end that holds the keys and does not keep to the rules', () => {
  const ack = (sequence: number, drawn: number): Bytes => new Writer().u64(sequence).u32(drawn).u32(0).done();
  const close = (final: number, code: number): Bytes => new Writer().u64(final).u16(code).pad(16).done();

  it('acknowledges nothing that was never sent', async () => {
    const { victim, say } = await hostileEnd('inward');
    expect(victim.send(Lane.frame, frame(1))).toBe(3);
    await expect(say(Lane.ack, ack(4, 0))).rejects.toThrow('MALFORMED');
  });

  it('takes no ack back, neither sequence nor pictures drawn', async () => {
    for (const second of [ack(3, 1), ack(4, 0), new Uint8Array(16).fill(0xff)]) {
      const { victim, say } = await hostileEnd('inward');
      victim.send(Lane.frame, frame(1));
      victim.send(Lane.frame, frame(2));
      expect(await say(Lane.ack, ack(4, 1))).toBe(null);
      await expect(say(Lane.ack, second)).rejects.toThrow('MALFORMED');
    }
  });

  it('closes with the true final sequence, a known code and zero padding', async () => {
    for (const bad of [close(3, 0), close(2, 999), concat(close(2, 0).subarray(0, 15), Uint8Array.of(1))]) {
      const { say } = await hostileEnd('inward');
      await expect(say(Lane.close, bad)).rejects.toThrow('MALFORMED');
    }
    const { say } = await hostileEnd('inward');
    expect(await say(Lane.close, close(2, 0))).toEqual({ lane: Lane.close, code: 'ENDED' });
  });

  it('sends no request outwards, and no control message that is not in the grammar', async () => {
    await expect((await hostileEnd('outward')).say(Lane.control, REFRESH)).rejects.toThrow('MESSAGE_UNKNOWN');
    await expect((await hostileEnd('inward')).say(Lane.control, frame(6, 32))).rejects.toThrow('MESSAGE_UNKNOWN');
    const dirty = encodeControl({ type: 'key-update' });
    dirty[31] = 1;
    await expect((await hostileEnd('inward')).say(Lane.control, dirty)).rejects.toThrow('MALFORMED');
  });

  it('cannot go on with one key for ever', async () => {
    const ends = await shakeHands();
    const outward: Bytes[] = [];
    const output = (record: Bytes) => outward.push(record);
    const agent = new Channel(nodeCipher, ends.agent, { output, now: () => 0 });
    const generation = { records: 4, ms: 1000 };
    const client = new Channel(nodeCipher, ends.client, { output: () => {}, now: () => 0, generation });
    for (let i = 0; i < 5; i++) agent.send(Lane.frame, frame(i));
    for (let i = 0; i < 4; i++) await client.receive(outward[i] as Bytes);
    await expect(client.receive(outward[4] as Bytes)).rejects.toThrow('KEY_EXHAUSTED');
  });
});

describe('acks and the window', () => {
  it('says what arrived, what was drawn and how long it was held', async () => {
    const channels = await openChannels();
    const acks: unknown[] = [];
    channels.agent.onAck = (ack) => acks.push(ack);
    expect(channels.client.ackDue).toBe(false);
    channels.agent.send(Lane.frame, frame(1));
    channels.agent.send(Lane.frame, frame(2));
    await deliver(channels);
    expect(channels.client.ackDue).toBe(true);
    channels.clock.now += 2.5;
    channels.client.acknowledge(1);
    expect(channels.client.ackDue).toBe(false);
    await deliver(channels);
    channels.client.acknowledge(2);
    await deliver(channels);
    expect(acks).toEqual([
      { sequence: 4, drawn: 1, heldUs: 2500 },
      { sequence: 4, drawn: 2, heldUs: 2500 },
    ]);
    expect(channels.agent.ackDue, 'acks are not acknowledged').toBe(false);
  });

  it('counts what is on the way, but no acks, and keeps its plaintext until it arrived', async () => {
    const channels = await openChannels();
    const sealed = 10 + HEADER_BYTES + TAG_BYTES;
    channels.agent.send(Lane.frame, frame(1));
    channels.agent.send(Lane.frame, frame(2));
    channels.agent.acknowledge(0);
    expect(channels.agent.room).toBe(WINDOW_FIRST_BYTES - 2 * sealed);
    expect(channels.agent.unacknowledged).toEqual([
      { sequence: 3, sentAt: 0, lane: Lane.frame, plaintext: frame(1) },
      { sequence: 4, sentAt: 0, lane: Lane.frame, plaintext: frame(2) },
    ]);
    await channels.client.receive(next(channels.outward));
    channels.client.acknowledge(0);
    await deliver({ ...channels, outward: [] });
    expect(channels.agent.room).toBe(WINDOW_FIRST_BYTES - sealed);
    expect(channels.agent.unacknowledged.map(({ sequence }) => sequence)).toEqual([4]);
    await deliver(channels);
    channels.client.acknowledge(0);
    await deliver(channels);
    expect(channels.agent.room).toBe(WINDOW_FIRST_BYTES);
    expect(channels.agent.unacknowledged).toEqual([]);
  });

  it('sends no frame into a full window, and has room again after an ack', async () => {
    const channels = await openChannels();
    while (channels.agent.room > 0) channels.agent.send(Lane.frame, frame(1, FRAME_PLAINTEXT_MAX_BYTES));
    const inFlight = channels.outward.reduce((sum, record) => sum + record.length, 0);
    expect(inFlight).toBeGreaterThanOrEqual(WINDOW_FIRST_BYTES);
    expect(inFlight).toBeLessThan(WINDOW_FIRST_BYTES + RECORD_MAX_BYTES);
    expect(() => channels.agent.send(Lane.frame, frame(1))).toThrow('window');
    await deliver(channels);
    channels.client.acknowledge(0);
    await deliver(channels);
    channels.agent.send(Lane.frame, frame(1));
  });

  it('lets frames of whole segments fill the window, and pass it by half of one at most', async () => {
    const channels = await openChannels();
    const { window } = channels.agent;
    expect(window.recordBytes).toBe(3 * SEGMENT_BYTES - FRAME_CARRIED_BY_BYTES);
    while (channels.agent.frameRoom > 0) channels.agent.send(Lane.frame, frame(1, window.recordBytes));
    expect(channels.agent.inFlightBytes).toBeGreaterThan(WINDOW_FIRST_BYTES - window.recordBytes / 2);
    expect(channels.agent.inFlightBytes).toBeLessThan(WINDOW_FIRST_BYTES + window.recordBytes / 2 + 25);
  });

  it('gives up on an agent that takes a whole window of input without a word (T13)', async () => {
    const channels = await openChannels();
    const fill = () => {
      for (;;) channels.client.send(Lane.input, KEY_DOWN);
    };
    expect(fill).toThrow('PEER_STUCK');
  });
});

describe('keys', () => {
  /** Writes down every (key, nonce) that seals. */
  function recording(cipher: Cipher, seen: string[]): Cipher {
    return {
      ...cipher,
      async aead(key) {
        const aead = await cipher.aead(key);
        const name = toHex(key);
        return {
          seal(sequence, aad, plaintext, header) {
            seen.push(`${name} ${sequence}`);
            return aead.seal(sequence, aad, plaintext, header);
          },
          open: (sequence, aad, sealed) => aead.open(sequence, aad, sealed),
        };
      },
    };
  }

  it('never meet a nonce twice, over handshakes, re-keying and epochs', async () => {
    const seen: string[] = [];
    const cipher = recording(nodeCipher, seen);
    const step = fc.constantFrom('frame', 'input', 'control', 'ack-in', 'ack-out', 'hour');
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 40 }),
      fc.nat(3),
      async (steps, epoch) => {
        const parameters = { ...PARAMETERS, epoch };
        const channels = await openChannels(
          { client: cipher, agent: cipher, parameters },
          { records: 4, ms: 3_600_000 },
        );
        for (const each of steps) {
          if (each === 'frame') channels.agent.send(Lane.frame, frame(1));
          if (each === 'input') channels.client.send(Lane.input, KEY_DOWN);
          if (each === 'control') channels.client.send(Lane.control, REFRESH);
          if (each === 'ack-in') channels.client.acknowledge(0);
          if (each === 'ack-out') channels.agent.acknowledge(0);
          if (each === 'hour') channels.clock.now += 3_600_000;
        }
        await Promise.all([channels.agent.close('ENDED'), channels.client.close('ENDED')]);
        const { atClient, atAgent } = await deliver(channels);
        expect([atClient.at(-1)?.lane, atAgent.at(-1)?.lane]).toEqual([Lane.close, Lane.close]);
      },
    );
    await fc.assert(property, { numRuns: 40 });
    expect(seen.length).toBeGreaterThan(500);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('change by number of records and by time, and the key-update is the last record under the old one', async () => {
    const seen: string[] = [];
    const channels = await openChannels({ agent: recording(nodeCipher, seen) }, { records: 3, ms: 1000 });
    seen.length = 0;
    for (let i = 0; i < 5; i++) channels.agent.send(Lane.frame, frame(i));
    channels.clock.now = 1000;
    channels.agent.send(Lane.frame, frame(9));
    await channels.agent.close('ENDED');
    const lanes = channels.outward.map((record) => record[1]);
    const keys = seen.map((entry) => entry.split(' ')[0]);
    const { frame: F, control: K, close: C } = Lane;
    expect(lanes).toEqual([F, F, K, F, F, K, F, K, F, C]);
    const changes = keys.map((key, i) => i > 0 && key !== keys[i - 1]);
    expect(changes).toEqual([false, false, false, true, false, false, true, false, true, false]);
    expect(seen.map((entry) => Number(entry.split(' ')[1]))).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('are not larger in life than limits.ts says, whatever a caller asks for', async () => {
    const channels = await openChannels({}, { records: 2 ** 30, ms: 10 * 3_600_000 });
    channels.agent.send(Lane.frame, frame(1));
    channels.clock.now = 3_600_000;
    channels.agent.send(Lane.frame, frame(1));
    expect(channels.outward.map((record) => record[1])).toEqual([Lane.frame, Lane.control, Lane.frame]);
  });
});
