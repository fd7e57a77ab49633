// What the agent lets in, whatever the relays did: rate and shape of input, and what counts as activity (T18, A4).
import { Refusal } from '#protocol/codes.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import { Lane } from '#protocol/lanes.ts';
import { ACK_PER_SECOND, AGENT_BURST_SECONDS, CONTROL_PER_SECOND, INPUT_PER_SECOND } from '#protocol/limits.ts';
import { TokenBucket } from '#protocol/token-bucket.ts';

/** The lanes that a client may use more than once. */
const PER_SECOND = new Map<Lane, number>([
  [Lane.input, INPUT_PER_SECOND],
  [Lane.control, CONTROL_PER_SECOND],
  [Lane.ack, ACK_PER_SECOND],
]);

export class InputPolicy {
  readonly #buckets = new Map<Lane, TokenBucket>();
  /** When the user last did something; nothing but input counts. Monotonic ms. */
  activeAt: number;

  constructor(nowMs: number) {
    this.activeAt = nowMs;
    for (const [lane, perSecond] of PER_SECOND) {
      this.#buckets.set(lane, new TokenBucket(perSecond, perSecond * AGENT_BURST_SECONDS, nowMs));
    }
  }

  /**
   * Counts one record that was opened.
   * @throws LANE_RATE above the burst, which no client that passed the relays can reach
   */
  count(lane: Lane, nowMs: number): void {
    const owedMs = this.#buckets.get(lane)?.take(nowMs) ?? 0;
    if (owedMs > 0) throw new Refusal('LANE_RATE', `lane ${lane}`);
  }

  /** @returns the event with its position inside the screen; from now on the user counts as active */
  admit(event: InputEvent, screen: { width: number; height: number }, nowMs: number): InputEvent {
    this.activeAt = nowMs;
    if (event.type !== 'pointer') return event;
    return { ...event, x: Math.min(event.x, screen.width - 1), y: Math.min(event.y, screen.height - 1) };
  }
}
