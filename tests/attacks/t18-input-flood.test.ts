// T18: a modified client that floods the desktop with input, or aims where there is no screen. The relays slow it, the agent ends what passes the burst,
// and whatever was held down at the desktop is let go.
import { beforeEach, describe, expect, it } from 'vitest';
import { writeHeader } from '#protocol/header.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import { Direction, Lane } from '#protocol/lanes.ts';
import { AGENT_BURST_SECONDS, BURST_SECONDS, HEADER_BYTES, INPUT_PER_SECOND, TAG_BYTES } from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { type BothEnds, bothEnds, type Shown } from '#tests/support/both-ends.ts';
import { settle } from '#tests/support/memory-link.ts';

const press = (keysym: number, down = true): InputEvent => ({ type: 'key', down, keysym });
const ALLOWED_AT_ONCE = INPUT_PER_SECOND * AGENT_BURST_SECONDS;

async function until(what: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !what(); turn++) await settle();
  expect(what()).toBe(true);
}

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

  it('leaves the slot of the desktop to the next session', async () => {
    for (let i = 0; i <= ALLOWED_AT_ONCE; i++) shown.session.input(press(0x61));
    await until(() => !ends.sessions.live('131016/soumu/pc-01'));
    const next = await ends.show();
    next.session.input(press(0x62));
    await until(() => ends.desktop.inputs.some((event) => event.type === 'key' && event.keysym === 0x62));
  });
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
