// T18: a modified client that floods the desktop with input, or aims where there is no screen. The relays slow it, the
// agent ends what passes the burst, and whatever was held down at the desktop is let go.
import { beforeEach, describe, expect, it } from 'vitest';
import { writeHeader } from '#protocol/header.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import { Direction, Lane } from '#protocol/lanes.ts';
import {
  ACK_PER_SECOND,
  AGENT_BURST_SECONDS,
  BURST_SECONDS,
  CONTROL_PER_SECOND,
  HEADER_BYTES,
  INPUT_PER_SECOND,
  TAG_BYTES,
} from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { type BothEnds, bothEnds, type Shown } from '#tests/support/both-ends.ts';
import { until as happens } from '#tests/support/memory-link.ts';
import { openModified } from '#tests/support/modified-client.ts';
import { wholePath } from '#tests/support/whole-path.ts';

const press = (keysym: number, down = true): InputEvent => ({ type: 'key', down, keysym });
const ALLOWED_AT_ONCE = INPUT_PER_SECOND * AGENT_BURST_SECONDS;

const until = (done: () => boolean) => happens(String(done), done);

describe('a client that floods the desktop with input (T18)', () => {
  let ends: BothEnds;
  let shown: Shown;

  beforeEach(async () => {
    ends = await bothEnds();
    await ends.paired();
    shown = await ends.show();
  });

  const refused = () => ends.audit.of('input-refused').map(({ reason }) => reason);

  it('is ended by the agent once it passes the burst, told under the seal, audited, every key let go', async () => {
    for (let i = 0; i <= ALLOWED_AT_ONCE; i++) shown.session.input(press(0x61 + (i % 20)));
    await until(() => shown.ends.length > 0);
    expect(shown.ends[0]).toMatchObject({ code: 'PROTOCOL_ERROR', authentic: true });
    expect(refused()).toEqual(['LANE_RATE']);
    expect(ends.desktop.inputs).toHaveLength(ALLOWED_AT_ONCE);
    expect([...ends.desktop.held]).toEqual([]);
    expect(ends.desktop.closes).toBe(1);
  });

  it('reaches the desktop no faster by waiting for its bucket to fill: it holds one burst', async () => {
    ends.pass(600_000);
    for (let i = 0; i <= ALLOWED_AT_ONCE; i++) shown.session.input(press(0x61));
    await until(() => shown.ends.length > 0);
    expect(ends.desktop.inputs.length).toBeLessThanOrEqual(ALLOWED_AT_ONCE);
  });

  it('moves the pointer nowhere but on the screen', async () => {
    shown.session.input({ type: 'pointer', buttons: 0, x: 65_535, y: 65_535 });
    await until(() => ends.desktop.inputs.length === 1);
    const { width, height } = ends.desktop.screen;
    expect(ends.desktop.inputs[0]).toMatchObject({ x: width - 1, y: height - 1 });
  });

  it('reaches the desktop no faster by another lane: resizes and acknowledgements are counted, too', async () => {
    const resizes: number[] = [];
    ends.desktop.resize = async (width) => {
      resizes.push(width);
      return false;
    };
    for (let i = 0; i <= CONTROL_PER_SECOND * AGENT_BURST_SECONDS; i++) shown.session.resize(640 + i, 480);
    await until(() => shown.ends.length > 0);
    expect(refused()).toEqual(['LANE_RATE']);
    expect(resizes.length).toBeLessThanOrEqual(CONTROL_PER_SECOND * AGENT_BURST_SECONDS);
  });

  it('leaves the slot of the desktop to the next session', async () => {
    for (let i = 0; i <= ALLOWED_AT_ONCE; i++) shown.session.input(press(0x61));
    await until(() => !ends.sessions.live('131016/soumu/pc-01'));
    const next = await ends.show();
    next.session.input(press(0x62));
    await until(() => ends.desktop.inputs.some((event) => event.type === 'key' && event.keysym === 0x62));
  });
});

describe('a modified client (T18)', () => {
  let ends: BothEnds;
  beforeEach(async () => {
    ends = await bothEnds();
    await ends.paired();
  });

  it.each<[string, Uint8Array, string]>([
    ['a message that does not exist', Uint8Array.of(9), 'MESSAGE_UNKNOWN'],
    ['pasted text', Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 4, 0x72, 0x6d, 0x20, 0x2f), 'MESSAGE_UNKNOWN'],
    ['a key that is neither up nor down', Uint8Array.of(4, 2, 0, 0, 0, 0, 0, 0x61), 'MALFORMED'],
    ['something behind the event', Uint8Array.of(4, 1, 0, 0, 0, 0, 0, 0x61, 0, 0, 0, 0, 0, 0, 0, 1), 'MALFORMED'],
    ['more buttons than there are', Uint8Array.of(5, 0xff, 0, 1, 0, 1, 0xff), 'MALFORMED'],
  ])(
    'that seals %s is ended: nothing of it reaches the desktop, and what was held is let go',
    async (_, bytes, reason) => {
      const client = await openModified(ends);
      client.send(Lane.input, Uint8Array.of(4, 1, 0, 0, 0, 0, 0xff, 0xe3)); // Control down
      client.send(Lane.input, bytes);
      client.send(Lane.input, Uint8Array.of(4, 1, 0, 0, 0, 0, 0, 0x78));
      expect(await client.ended).toEqual({ code: 'PROTOCOL_ERROR', authentic: true });
      expect(ends.audit.of('input-refused')).toEqual([expect.objectContaining({ reason, user: 'tanaka' })]);
      expect(ends.desktop.inputs).toEqual([press(0xffe3)]);
      expect([...ends.desktop.held]).toEqual([]);
    },
  );

  it('that acknowledges without end is ended', async () => {
    const client = await openModified(ends);
    for (let i = 0; i <= ACK_PER_SECOND * AGENT_BURST_SECONDS; i++) client.acknowledge();
    expect(await client.ended).toEqual({ code: 'PROTOCOL_ERROR', authentic: true });
    expect(ends.audit.of('input-refused')).toEqual([expect.objectContaining({ reason: 'LANE_RATE' })]);
  });
});

describe('through the real gateway and the real broker (T18)', () => {
  it('a flood of sealed input is slowed, not closed; pixels and the end are not held up by it', async () => {
    const { ends } = await wholePath();
    const client = await openModified(ends);
    const began = performance.now();
    const FLOOD = 1_500;
    for (let i = 0; i < FLOOD; i++) client.send(Lane.input, Uint8Array.of(4, i % 2, 0, 0, 0, 0, 0, 0x61));
    await until(() => ends.desktop.inputs.length > INPUT_PER_SECOND * BURST_SECONDS);

    // What has passed is never more than the burst and the rate since the first record
    for (let look = 0; look < 10; look++) {
      await new Promise((next) => setTimeout(next, 60));
      const allowed = INPUT_PER_SECOND * (BURST_SECONDS + (performance.now() - began) / 1000) + 1;
      expect(ends.desktop.inputs.length).toBeLessThanOrEqual(allowed);
    }
    expect(ends.desktop.inputs.length).toBeLessThan(FLOOD / 2);

    // The other direction is free: a picture comes, and the agent's end with it
    const frames = client.frames();
    ends.desktop.events?.damage({ x: 0, y: 0, width: 128, height: 64 });
    await until(() => client.frames() > frames);
    ends.sessions.revoke(client.session, 'RIGHTS_ENDED');
    expect(await client.ended).toEqual({ code: 'RIGHTS_ENDED', authentic: true });
    expect(ends.audit.of('input-refused')).toEqual([]);
    expect([...ends.desktop.held]).toEqual([]);
  }, 60_000);
});

describe('a relay between them (T18)', () => {
  it('slows a flood down to the rate and closes nothing', () => {
    const gate = new LaneGate(Direction.inward, BURST_SECONDS);
    const record = new Uint8Array(HEADER_BYTES + 16 + TAG_BYTES);
    let nowMs = 0;
    const seconds = 20;
    let sent = 0;
    for (; nowMs < seconds * 1000; sent++) {
      writeHeader(record, { lane: Lane.input, sequence: sent });
      nowMs += gate.admit(record, nowMs).waitMs;
    }
    expect(sent).toBeGreaterThan(INPUT_PER_SECOND * seconds * 0.95);
    expect(sent).toBeLessThanOrEqual(INPUT_PER_SECOND * (seconds + BURST_SECONDS) + 1);
  });
});
