// T13: a peer that stops reading, or floods, costs a relay a bounded amount of memory and holds up nobody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lane } from '#protocol/lanes.ts';
import { FRAME_PLAINTEXT_MAX_BYTES, INPUT_PLAINTEXT_BYTES, RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { DESKTOP, newSession, type Peer } from '../support/broker.ts';
import { type BrokerProcess, startBrokerProcess } from '../support/broker-process.ts';
import { record } from '../support/record.ts';

/**
 * What ten stuck sessions may add to a relay: ten queues of 256 KiB, what TLS and the streams hold beside each, and the
 * garbage of a busy process. Offered are 48 MB a session.
 */
const MEMORY_MAX_MIB = 64;
const STUCK = 10;
const OFFERED = 3_000;

let broker: BrokerProcess;
let gateway: Peer;
let agent: Peer;
beforeAll(async () => {
  broker = await startBrokerProcess();
  gateway = await broker.dial('gateway', '/link');
  agent = await broker.dial('agent', '/link');
  agent.say({ type: 'presence', desktops: [DESKTOP] });
  await gateway.next('presence');
}, 60_000);
afterAll(() => broker.close());

async function openSession(): Promise<{ client: Peer; desktop: Peer }> {
  const session = newSession();
  gateway.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
  const client = await broker.dial('gateway', '/data');
  client.say({ type: 'session', session });
  await agent.until(() => agent.of('offer').find((offer) => offer.session === session));
  const desktop = await broker.dial('agent', '/data');
  desktop.say({ type: 'session', session });
  await Promise.all([client.next('paired'), desktop.next('paired')]);
  return { client, desktop };
}

/** Sends frames as fast as they are taken, never more than 256 KiB waiting here. @returns how many are gone */
function flood({ socket }: Peer): { sent: number } {
  const progress = { sent: 0 };
  const push = () => {
    while (progress.sent < OFFERED && socket.pressure < 256 * 1024) {
      socket.sendRecord(record(Lane.frame, progress.sent++, FRAME_PLAINTEXT_MAX_BYTES));
    }
    if (progress.sent < OFFERED) socket.onceBelow(128 * 1024, push);
  };
  push();
  return progress;
}

describe('the broker', () => {
  it('stays small while ten clients stop reading, and serves the others', async () => {
    const witness = await openSession();
    const sessions = await Promise.all(Array.from({ length: STUCK }, openSession));
    const before = broker.memory();
    for (const { client } of sessions) client.socket.pause();
    const floods = sessions.map(({ desktop }) => flood(desktop));

    // Meanwhile the witness has its round trips, one at a time, in both directions.
    for (let i = 0; i < 50; i++) {
      witness.client.socket.sendRecord(record(Lane.input, i, INPUT_PLAINTEXT_BYTES));
      await witness.desktop.until(() => witness.desktop.records.length === i + 1);
      witness.desktop.socket.sendRecord(record(Lane.frame, i, 1_000));
      await witness.client.until(() => witness.client.records.length === i + 1);
    }
    const sent = () => floods.reduce((sum, { sent }) => sum + sent, 0);
    for (let last = -1, same = 0; same < 5; last = sent()) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      same = last === sent() ? same + 1 : 0;
    }
    for (const { sent } of floods) {
      expect(sent).toBeLessThan(OFFERED);
      expect(sent * RECORD_MAX_BYTES).toBeLessThan(24 * 1024 * 1024);
    }
    expect(broker.memory() - before).toBeLessThan(MEMORY_MAX_MIB);

    // Input of a stuck session still gets through: the directions share nothing.
    const stuck = sessions[0];
    stuck?.client.socket.sendRecord(record(Lane.input, 0, INPUT_PLAINTEXT_BYTES));
    await stuck?.desktop.until(() => stuck.desktop.records.length === 1);
    for (const { client, desktop } of sessions) {
      desktop.socket.close('ENDED');
      client.socket.peer.destroy();
    }
  }, 30_000);

  it('stays small under a flood of input, which it slows down', async () => {
    const { client, desktop } = await openSession();
    const before = broker.memory();
    let sequence = 0;
    const push = () => {
      while (sequence < 200_000 && client.socket.pressure < 256 * 1024) {
        client.socket.sendRecord(record(Lane.input, sequence++, INPUT_PLAINTEXT_BYTES));
      }
      if (sequence < 200_000 && !client.socket.closed) client.socket.onceBelow(128 * 1024, push);
    };
    push();
    await desktop.until(() => desktop.records.length > 210);
    expect(desktop.records.length).toBeLessThan(1_000);
    expect(client.end).toBeNull();
    expect(broker.memory() - before).toBeLessThan(MEMORY_MAX_MIB);
    client.socket.peer.destroy();
  }, 30_000);
});
