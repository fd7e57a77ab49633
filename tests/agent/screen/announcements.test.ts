import { describe, expect, it } from 'vitest';
import { FrameClient } from '#tests/support/frame-client.ts';
import { Announcements } from '../../../agent/screen/announcements.ts';
import { updateHeader } from '../../../agent/screen/update.ts';

const SCREEN = { width: 90, height: 70 };

/** What a client hears of what is due. */
async function heard(announcements: Announcements): Promise<FrameClient> {
  const parts = announcements.take(SCREEN);
  const client = new FrameClient(SCREEN);
  await client.push(updateHeader(parts.length));
  for (const { bytes } of parts) await client.push(bytes);
  expect(client.updates).toBe(1);
  expect(announcements.due).toBe(false);
  return client;
}

function answers(client: FrameClient): number[][] {
  expect(client.sizes.every(({ width, height }) => width === 90 && height === 70)).toBe(true);
  return client.sizes.map(({ reason, status }) => [reason, status]);
}

describe('what an update says beside pixels', () => {
  it('begins with size, input extensions and a cursor, if only none', async () => {
    const announcements = new Announcements();
    announcements.introduce();
    const client = await heard(announcements);
    expect(answers(client)).toEqual([[0, 0]]);
    expect(client.announcements).toEqual([-258, -316]);
    expect(client.cursors).toMatchObject([{ width: 0, height: 0 }]);
  });

  it('answers a granted resize with the new size', async () => {
    const announcements = new Announcements();
    announcements.resized();
    announcements.answerResize('granted');
    expect(answers(await heard(announcements))).toEqual([[1, 0]]);
  });

  it('answers with the size that came instead first, then with the refusal', async () => {
    const announcements = new Announcements();
    announcements.resized();
    announcements.answerResize('refused');
    expect(answers(await heard(announcements))).toEqual([
      [0, 0],
      [1, 2],
    ]);
  });

  it('answers a refused resize, and a repeat of the present size', async () => {
    const announcements = new Announcements();
    announcements.answerResize('refused');
    expect(answers(await heard(announcements))).toEqual([[1, 1]]);
    announcements.answerResize('unchanged');
    expect(answers(await heard(announcements))).toEqual([[1, 3]]);
  });

  it('never merges two answers into one', async () => {
    const announcements = new Announcements();
    for (const answer of ['unchanged', 'unchanged', 'granted', 'refused'] as const) announcements.answerResize(answer);
    expect(answers(await heard(announcements))).toHaveLength(4);
  });

  it('sends the newest cursor with its alpha, and one above 64×64 not at all', async () => {
    const announcements = new Announcements();
    const rgba = Uint8Array.from({ length: 16 }, (_, i) => i * 16);
    announcements.cursor({ width: 1, height: 1, hotX: 0, hotY: 0, rgba: new Uint8Array(4) });
    announcements.cursor({ width: 2, height: 2, hotX: 1, hotY: 0, rgba });
    expect((await heard(announcements)).cursors).toEqual([{ width: 2, height: 2, hotX: 1, hotY: 0, rgba }]);
    announcements.cursor({ width: 65, height: 1, hotX: 0, hotY: 0, rgba: new Uint8Array(260) });
    expect((await heard(announcements)).cursors).toMatchObject([{ width: 0, height: 0 }]);
  });
});
