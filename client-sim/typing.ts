// Types a text at a person's upper speed and waits until its pixels have arrived.
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '#platform/process/exit.ts';
import type { DesktopSession } from '#web/core/desktop-session.ts';
import type { ClientFramebuffer } from './framebuffer.ts';
import { keysFor } from './keyboard.ts';
import { OBSERVE_MS, Settling } from './settle.ts';

/** Two events a character: half of the input lane's rate. */
const EVENT_INTERVAL_MS = 20;
const SETTLE_MAX_MS = 20_000;
const LOOK_INTERVAL_MS = 20;

/**
 * @param now monotonic milliseconds
 * @returns from the first key to its first pixel, in ms
 * @throws Failure if nothing on the screen answers
 */
export async function typeAndWait(
  now: () => number,
  session: DesktopSession,
  picture: ClientFramebuffer,
  text: string,
): Promise<number> {
  const settling = new Settling(picture);
  picture.onDrawn = (region) => settling.drawn(picture, region, now());
  await delay(OBSERVE_MS);
  const began = now();
  settling.typed(began);
  for (const event of keysFor(text)) {
    session.input(event);
    await delay(EVENT_INTERVAL_MS);
  }
  const lastKey = now();
  settling.lastKey(lastKey);
  while (!settling.settled(now())) {
    if (now() - lastKey > SETTLE_MAX_MS) break;
    await delay(LOOK_INTERVAL_MS);
  }
  picture.onDrawn = null;
  const ms = settling.inputToPixelMs;
  if (ms === null)
    throw new Failure('nothing on the screen changed after typing; is a window with a text field in front?');
  return ms;
}
