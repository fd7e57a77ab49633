// The checkpoints of other zones' logs that this log keeps, so that their ends cannot be cut off unseen (T15).
import { TokenBucket } from '#protocol/token-bucket.ts';
import type { Anchor, Audit } from './chain.ts';

/** A heartbeat a minute, and one more when a process stops; who anchors faster only fills our log (T13). */
const PER_SECOND = 1 / 30;
const BURST = 2;

/**
 * @param now a monotonic clock in ms
 * @returns keeps an anchor that came from the log's own process, unless too many of its kind come.
 *   False for one of another log: whoever could anchor that could hide that its end was cut
 */
export function anchorKeeper(
  audit: Pick<Audit, 'anchor'>,
  now: () => number,
): (anchor: Anchor, owner: string) => boolean {
  const rates = new Map<string, TokenBucket>();
  return ({ source, sequence, digest }, owner) => {
    if (source !== owner) return false;
    const rate = rates.get(owner) ?? new TokenBucket(PER_SECOND, BURST, now());
    rates.set(owner, rate);
    if (rate.takeIfThere(now())) audit.anchor({ source, sequence, digest });
    return true;
  };
}
