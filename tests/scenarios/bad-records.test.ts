// What a modified client gets that opened a desktop as it should and then breaks the protocol: its session ends with a
// code, the audit log says which rule was broken, and the next session is as good as ever.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MUNICIPALITY } from '#lab/system.ts';
import { type Bytes, concat } from '#protocol/bytes.ts';
import { encodeInput } from '#protocol/inner/profile.ts';
import { Lane } from '#protocol/lanes.ts';
import { RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { Inbox } from '#protocol/outer/data-socket.ts';
import { audited } from '#tests/support/audited.ts';
import { connectInProcess, type InProcessClient } from '#tests/support/in-process-client.ts';
import { openRough, type RoughClient } from '#tests/support/rough-client.ts';
import { useSystem } from '#tests/support/system.ts';
import { alive, idle, PROCESSES } from '#tests/support/watched-system.ts';
import { askToOpen } from '#web/core/gateway-api.ts';

/** An agent takes few offers a minute for one desktop, so the work is spread. */
const DESKTOPS = ['pc-01', 'pc-02', 'pc-03', 'pc-04'];
const idOf = (name: string) => `${MUNICIPALITY}/soumu/${name}`;
const KEY_DOWN = encodeInput({ type: 'key', down: true, keysym: 0x61 });

describe('a modified client', () => {
  const under = useSystem(() => DESKTOPS.map((name) => ({ name, kind: 'office' as const })));
  let client: InProcessClient;
  let turn = 0;

  beforeAll(async () => {
    client = await connectInProcess(under.system, under.tanaka);
    for (const name of DESKTOPS) {
      (await client.open(idOf(name))).session.end();
      await idle(under.system);
    }
  });
  afterEach(async () => {
    expect(alive(under.system)).toEqual([...PROCESSES]);
    await idle(under.system);
  });
  afterAll(() => client?.close());

  const ticket = async (name: string) =>
    (await askToOpen(client.around.request, idOf(name), 'open', new Uint8Array(32))).ticket;
  const open = () => openRough(client.around, under.tanaka, idOf(DESKTOPS[turn++ % DESKTOPS.length] as string));
  const input = (rough: RoughClient, plaintext: Uint8Array = KEY_DOWN) => rough.seal(Lane.input, plaintext);
  const changed = (record: Bytes, at: number, value: number) => record.with(at, value);

  // version ‖ lane ‖ sequence 6 ‖ body ‖ tag 16
  it.each<[string, (rough: RoughClient) => (Uint8Array | string)[], string]>([
    ['less than a header', () => [Uint8Array.of(1, Lane.input, 0)], 'MALFORMED'],
    ['an empty record', () => [new Uint8Array(0)], 'MALFORMED'],
    ['another version', (rough) => [changed(input(rough), 0, 9)], 'MALFORMED'],
    ['an unknown lane', (rough) => [changed(input(rough), 1, 9)], 'LANE_UNKNOWN'],
    ['the lane of the other direction', (rough) => [changed(input(rough), 1, Lane.frame)], 'LANE_DIRECTION'],
    [
      'the lane of the handshake again',
      (rough) => [input(rough), changed(input(rough), 1, Lane.handshake)],
      'LANE_SHUT',
    ],
    ['a byte too many', (rough) => [concat(input(rough), Uint8Array.of(0))], 'RECORD_SIZE'],
    ['a byte too few', (rough) => [input(rough).subarray(0, -1)], 'RECORD_SIZE'],
    [
      'as many bytes as no record has',
      (rough) => [concat(input(rough), new Uint8Array(RECORD_MAX_BYTES))],
      'MALFORMED',
    ],
    ['a gap in the sequence', (rough) => [input(rough), input(rough)].slice(1), 'RECORD_OUT_OF_ORDER'],
    ['the same record twice', (rough) => Array(2).fill(input(rough)), 'RECORD_OUT_OF_ORDER'],
    ['text among records', () => ['{"type":"session"}'], 'MESSAGE_UNEXPECTED'],
  ])('that sends %s is cut at the gateway', async (_, make, reason) => {
    const rough = await open();
    for (const message of make(rough)) typeof message === 'string' ? rough.sendText(message) : rough.send(message);
    expect(await rough.ended).toMatchObject({ code: 'PROTOCOL_ERROR' });
    await audited(under.system, 'gateway', 'lane-violation', { session: rough.session, reason });
    await audited(under.system, 'broker', 'session-ended', { session: rough.session });
    await audited(under.system, 'agent', 'session-ended', { session: rough.session });
  });

  it.each<[string, (rough: RoughClient) => Uint8Array[], string]>([
    [
      'a changed tag',
      (rough) => [input(rough)].map((record) => changed(record, 39, (record[39] as number) ^ 1)),
      'RECORD_FORGED',
    ],
    ['a pixel format (0)', (rough) => [input(rough, Uint8Array.of(0))], 'MESSAGE_UNKNOWN'],
    ['encodings (2)', (rough) => [input(rough, Uint8Array.of(2))], 'MESSAGE_UNKNOWN'],
    [
      'the clipboard (6)',
      (rough) => [input(rough, Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 3, 97, 98, 99))],
      'MESSAGE_UNKNOWN',
    ],
    ['the clipboard (6) as control', (rough) => [rough.seal(Lane.control, Uint8Array.of(6))], 'MESSAGE_UNKNOWN'],
    ['sound (255/1)', (rough) => [input(rough, Uint8Array.of(255, 1, 0, 0))], 'MESSAGE_UNKNOWN'],
    ['something in the padding', (rough) => [input(rough, changed(KEY_DOWN, 15, 1))], 'MALFORMED'],
    ['a desktop of no size', (rough) => [rough.seal(Lane.control, Uint8Array.of(251, 0, 0, 0, 0, 0, 1))], 'MALFORMED'],
  ])('that seals %s is ended by the agent itself', async (_, make, reason) => {
    const rough = await open();
    for (const record of make(rough)) rough.send(record);
    expect(await rough.ended).toEqual({ code: 'PROTOCOL_ERROR', authentic: true });
    await audited(under.system, 'agent', 'session-ended', { session: rough.session, reason });
    if (reason !== 'RECORD_FORGED') {
      await audited(under.system, 'agent', 'input-refused', { session: rough.session, reason });
    }
  });

  async function sayFirst(message: string | Uint8Array): Promise<unknown> {
    const socket = await client.around.dial();
    const inbox = new Inbox(socket);
    if (typeof message === 'string') socket.sendText(message);
    else socket.sendRecord(message);
    const answer = await inbox.nextText().then(
      (text) => JSON.parse(text).type,
      (error: Error) => error.message,
    );
    socket.close('ENDED');
    return answer;
  }
  const redeem = (text: string) => sayFirst(JSON.stringify({ type: 'ticket', ticket: text }));

  it('that shows a ticket twice', async () => {
    const once = await ticket('pc-02');
    expect(await redeem(once)).toBe('paired');
    expect(await redeem(once)).toBe('TICKET_REFUSED');
    await audited(under.system, 'gateway', 'ticket-refused', { reason: 'TICKET_UNKNOWN' });
  });

  it.each([
    ['a ticket that nobody issued', JSON.stringify({ type: 'ticket', ticket: 'A'.repeat(43) }), 'TICKET_REFUSED'],
    ['something else than a ticket', '{"type":"session"}', 'PROTOCOL_ERROR'],
    ['a record before the ticket', Uint8Array.of(1, 2, 3), 'PROTOCOL_ERROR'],
  ])('that begins with %s', async (_, message, code) => {
    expect(await sayFirst(message)).toBe(code);
  });

  it('leaves nothing behind: the next session is as good as ever', async () => {
    const view = await client.open(idOf('pc-03'));
    await view.picture.complete;
    view.session.end();
  });
});
