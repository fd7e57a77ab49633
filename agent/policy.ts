// What the agent lets in, whatever the relays did: rate and shape of input, and what counts as activity (T18, A4).
import { Refusal } from '#protocol/codes.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import { AGENT_BURST_SECONDS, INPUT_PER_SECOND } from '#protocol/limits.ts';

export class InputPolicy {
  #tokens = INPUT_PER_SECOND * AGENT_BURST_SECONDS;
  #at: number;
  /** When the user last did something; nothing but input counts. Monotonic ms. */
  activeAt: number;

  constructor(nowMs: number) {
    this.#at = nowMs;
    this.activeAt = nowMs;
  }

  /**
   * @returns the event with its position inside the screen
   * @throws LANE_RATE above the burst, which no client that passed the relays can reach
   */
  admit(event: InputEvent, screen: { width: number; height: number }, nowMs: number): InputEvent {
    const depth = INPUT_PER_SECOND * AGENT_BURST_SECONDS;
    this.#tokens = Math.min(depth, this.#tokens + ((nowMs - this.#at) / 1000) * INPUT_PER_SECOND) - 1;
    this.#at = nowMs;
    if (this.#tokens < 0) throw new Refusal('LANE_RATE', 'input');
    this.activeAt = nowMs;
    if (event.type !== 'pointer') return event;
    return { ...event, x: Math.min(event.x, screen.width - 1), y: Math.min(event.y, screen.height - 1) };
  }
}
