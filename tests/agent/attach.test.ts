import { describe, expect, it } from 'vitest';
import { attach } from '#agent/attach.ts';
import type { DesktopEvents } from '#agent/desktop/desktop.ts';
import { Refusal } from '#protocol/codes.ts';
import { FakeDesktop } from '#tests/support/fake-desktop.ts';
import { Recorder } from '#tests/support/recorder.ts';

const cursor = (width: number) => ({ width, height: 1, hotX: 0, hotY: 0, rgba: new Uint8Array(4 * width) });

async function attached() {
  let events: DesktopEvents | null = null;
  const result = await attach(async (given) => {
    events = given;
    return new FakeDesktop();
  });
  return { ...result, events: events as unknown as DesktopEvents };
}

describe('between attaching and showing a desktop', () => {
  it('the newest cursor is kept, damage is not: a session begins all dirty', async () => {
    const { events, handOver } = await attached();
    events.cursor(cursor(1));
    events.cursor(cursor(2));
    events.damage({ x: 0, y: 0, width: 1, height: 1 });
    events.bell();
    const session = new Recorder();
    handOver(session);
    expect(session.cursors.map(({ width }) => width)).toEqual([2]);
    expect([session.damages, session.bells]).toEqual([[], 0]);
  });

  it('a desktop that went is not forgotten', async () => {
    const { events, handOver } = await attached();
    events.gone(new Refusal('VNC_GONE'));
    const session = new Recorder();
    handOver(session);
    expect(session.refusals.map(({ reason }) => reason)).toEqual(['VNC_GONE']);
  });

  it('and from then on everything goes through', async () => {
    const { events, desktop, handOver } = await attached();
    const session = new Recorder();
    handOver(session);
    events.damage({ x: 0, y: 0, width: 1, height: 1 });
    events.resized(desktop.screen);
    events.cursor(cursor(3));
    events.bell();
    expect([session.damages.length, session.screens.length, session.cursors.length, session.bells]).toEqual([
      1, 1, 1, 1,
    ]);
  });

  it('what cannot be attached is told to whoever wanted to', async () => {
    const failing = attach(() => Promise.reject(new Refusal('DESKTOP_UNREACHABLE')));
    await expect(failing).rejects.toThrow('DESKTOP_UNREACHABLE');
  });
});
