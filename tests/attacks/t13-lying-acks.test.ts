// T13: a client that acknowledges what it never took. The window alone would let the agent send on and on into its own
// memory; what has not even left the agent has a limit of its own, whatever the client says.
import { expect, it, vi } from 'vitest';
import { Lane } from '#protocol/lanes.ts';
import { ACK_INTERVAL_MS, RECORD_MAX_BYTES, SOCKET_WAITING_MAX_BYTES } from '#protocol/limits.ts';
import { bothEnds } from '#tests/support/both-ends.ts';
import { lyingClient } from '#tests/support/lying-client.ts';
import { sharedScreen } from '#tests/support/shared-screen.ts';

const WIDTH = 512;
const HEIGHT = 512;
/** An agent that may send does so much sooner. */
const QUIET_MS = 700;
const STARVED_MAX_MS = 10_000;
const LIMIT_USED_BYTES = 0.9 * SOCKET_WAITING_MAX_BYTES;

it.each([
  ['nothing leaves the agent: no more than its limit waits there', true],
  ['everything leaves the agent: it goes on (the lie itself is well made)', false],
])('acks for what was never read; %s', async (_, stuck) => {
  const ends = await bothEnds();
  await ends.paired();
  ends.desktop.screen = sharedScreen(WIDTH, HEIGHT, () => Math.floor(Math.random() * 0x100_0000));
  let sent = 0;
  let frames = 0;
  ends.onLink = ({ agent }) => {
    const send = agent.sendRecord.bind(agent);
    agent.sendRecord = (record) => {
      if (record[1] !== Lane.frame) return send(record);
      frames++;
      sent += record.length;
      if (stuck) agent.pressure += record.length;
    };
  };
  const liar = lyingClient(await ends.open());
  let lies = 0;
  while (sent < 3 * SOCKET_WAITING_MAX_BYTES) {
    ends.desktop.events?.damage({ x: 0, y: 0, width: WIDTH, height: HEIGHT });
    // Before the limit is used a pause is this machine's, not the agent's.
    const timeout = stuck && sent > LIMIT_USED_BYTES ? QUIET_MS : STARVED_MAX_MS;
    const more = await vi.waitUntil(() => frames > lies, { timeout, interval: 1 }).catch(() => false);
    if (!more) break;
    while (lies < frames) {
      // Not more often than an ack may come
      ends.pass(ACK_INTERVAL_MS);
      await liar.lie();
      lies++;
    }
  }
  // The record that reaches the limit may pass it.
  if (stuck) expect(sent).toBeLessThan(SOCKET_WAITING_MAX_BYTES + RECORD_MAX_BYTES);
  else expect(sent).toBeGreaterThan(2 * SOCKET_WAITING_MAX_BYTES);
  expect(sent, 'the limit was used').toBeGreaterThan(LIMIT_USED_BYTES);
  expect(ends.sessions.list(), 'the lies were believed').toHaveLength(1);
});
