// The pace of a control link: a peer of another zone may be hostile, and each of its messages costs work or a line in the
// audit log (T03, T13).
import type { Socket } from './websocket.ts';

/**
 * Above the rate the link is not read for a while; it is never closed for that. A burst of 2 s may come at once.
 * @param now a monotonic clock in ms
 * @returns to be called for each message
 */
export function slowDown(socket: Socket, perSecond: number, now: () => number): () => void {
  const depth = 2 * perSecond;
  let tokens = depth;
  let at = now();
  let timer: NodeJS.Timeout | null = null;
  socket.observe({
    ended() {
      if (timer) clearTimeout(timer);
    },
  });
  return () => {
    const current = now();
    tokens = Math.min(depth, tokens + ((current - at) / 1000) * perSecond) - 1;
    at = current;
    if (tokens >= 0) return;
    socket.pause();
    timer = setTimeout(() => socket.resume(), Math.ceil((-tokens / perSecond) * 1000));
  };
}
