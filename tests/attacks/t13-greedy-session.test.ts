// T13: one session that sends as much as it can gets its share of the line and not a byte of the others', and nobody
// together gets more than what is contracted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wireBytes } from '#broker/shaping/wire-bytes.ts';
import { bytesPerSecondOf } from '#broker/tiers.ts';
import { Lane } from '#protocol/lanes.ts';
import { FRAME_PLAINTEXT_MAX_BYTES, RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import { type Live, openBroker, openSession, type Peer, type TestBroker } from '#tests/support/broker.ts';
import { record } from '#tests/support/record.ts';
import { jain } from '#tests/support/virtual-line.ts';

const TIER = '10Mbps';
const rate = bytesPerSecondOf(TIER);
const SECONDS = 2;
/** As the agent cuts them at this tier. */
const PICTURE = 4_000;
const ANSWER = 150;

let test: TestBroker;
let gateway: Peer;
let agent: Peer;
/** What each session's records waited for their turn, ms, outwards. */
const waited: number[] = [];
let watching: string | null = null;
const wire = new Map<string, number>();

beforeAll(async () => {
  let last = '';
  test = await openBroker(undefined, {
    line: { tier: TIER, municipalities: {}, others: { ceiling: 1 } },
    observer: {
      sent(session, _municipality, wireBytes, _payloadBytes, direction) {
        last = session;
        if (direction === Direction.outward) wire.set(session, (wire.get(session) ?? 0) + wireBytes);
      },
      waited(_municipality, ms, direction) {
        if (last === watching && direction === Direction.outward) waited.push(ms);
      },
    },
  });
  gateway = await test.gatewayLink();
  agent = await test.agentLink();
  await gateway.next('presence');
}, 60_000);
afterAll(() => test.close());

/** Sends as fast as it is taken. @param size of the plaintext @returns ends it */
function flood({ agentData: { socket } }: Live, size: number): () => void {
  let sequence = 0;
  let over = false;
  const push = () => {
    while (!over && socket.pressure < 128 * 1024) socket.sendRecord(record(Lane.frame, sequence++, size));
    if (!over) socket.onceBelow(64 * 1024, push);
  };
  push();
  return () => {
    over = true;
    socket.close('ENDED');
  };
}

describe('a greedy session', () => {
  it('gets its share and no more, holds up nobody who types, and all together stay within the contract', async () => {
    const sessions: Live[] = [];
    for (let i = 0; i < 4; i++) sessions.push(await openSession(test, gateway, agent));
    const [greedy, ...others] = sessions as [Live, ...Live[]];
    const typist = await openSession(test, gateway, agent);
    const before = test.broker.shaper.measure().outward;

    const began = performance.now();
    const ends = [flood(greedy, FRAME_PLAINTEXT_MAX_BYTES), ...others.map((other) => flood(other, PICTURE))];
    watching = typist.session;
    let sequence = 0;
    const typing = setInterval(() => {
      typist.agentData.socket.sendRecord(record(Lane.frame, sequence++, ANSWER));
    }, 50);
    await typist.gatewayData.until(() => performance.now() - began > SECONDS * 1_000);
    clearInterval(typing);
    const after = test.broker.shaper.measure().outward;
    const seconds = (performance.now() - began) / 1_000;
    for (const end of ends) end();

    const sent = after.sentBytes - before.sentBytes;
    expect(sent).toBeLessThanOrEqual(rate * seconds + after.burstBytes);
    // A busy machine may keep it from being full; a line that is half empty was held up by something else.
    expect(sent).toBeGreaterThan(0.5 * rate * seconds);
    expect(jain(sessions.map(({ session }) => wire.get(session) ?? 0))).toBeGreaterThan(0.99);
    for (const { gatewayData } of sessions) {
      // In order, none missing: the broker's own gate would have ended a session otherwise, and so does the client's.
      expect(gatewayData.records.map((one) => one.readUIntBE(2, 6))).toEqual(gatewayData.records.map((_, i) => i));
    }
    // Four pictures are ahead of who waits for a turn; whoever types waits for none.
    const median = waited.toSorted((a, b) => a - b)[Math.floor(waited.length / 2)] as number;
    expect(waited.length).toBeGreaterThan(10);
    expect(median).toBeLessThan((1_000 * wireBytes(RECORD_MAX_BYTES)) / rate);

    // What waits in the broker for each of them is bounded in bytes and by their share in time.
    expect(after.queuedBytes).toBeLessThan((rate / 10) * 1.5 + 5 * wireBytes(RECORD_MAX_BYTES));
  }, 30_000);
});
