// The pace of a control link: a peer of another zone may be hostile, and each of its messages costs work or a line in the
// audit log (T03, T13).
import { BURST_SECONDS } from '#protocol/limits.ts';
import { TokenBucket } from '#protocol/token-bucket.ts';
import type { Socket } from './websocket.ts';

/**
 * Above the rate the link is not read for a while; it is never closed for that. BURST_SECONDS' worth may come at once.
 * @param now a monotonic clock in ms
 * @returns to be called for each message
 */
export function slowDown(socket: Socket, perSecond: number, now: () => number): () => void {
  const bucket = new TokenBucket(perSecond, BURST_SECONDS * perSecond, now());
  let timer: NodeJS.Timeout | null = null;
  socket.observe({
    ended() {
      if (timer) clearTimeout(timer);
    },
  });
  return () => {
    const waitMs = bucket.take(now());
    if (waitMs === 0) return;
    socket.pause();
    timer = setTimeout(() => socket.resume(), waitMs);
  };
}
