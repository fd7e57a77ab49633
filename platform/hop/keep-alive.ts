// Finds out that a peer is gone although TCP does not say so: a cable pulled, a host that died.
import { Refusal } from '#protocol/codes.ts';
import { LINK_KEEP_ALIVE_MS, LINK_SILENCE_MAX_MS } from '#protocol/limits.ts';
import type { Socket } from './websocket.ts';

/**
 * Pings every `intervalMs` and refuses the socket with PEER_GONE after `silenceMs` without a sign of life, half an
 * interval later at most. While we do not read, its silence is our own doing and does not count; then the write stall
 * watches. Ends with the socket.
 *
 * One timer a socket and nothing but a flag for each message: setting a timer anew for each record would cost a relay
 * more than admitting it. No ticker for all sockets, which would ping a thousand in one turn of the event loop.
 */
export function keepAlive(
  socket: Socket,
  {
    intervalMs = LINK_KEEP_ALIVE_MS,
    silenceMs = LINK_SILENCE_MAX_MS,
  }: { intervalMs?: number; silenceMs?: number } = {},
): void {
  const tickMs = intervalMs / 2;
  let ticks = 0;
  let silentTicks = 0;
  let heard = false;
  const ticker = setInterval(() => {
    silentTicks = heard || socket.paused ? 0 : silentTicks + 1;
    heard = false;
    if (silentTicks * tickMs >= silenceMs) socket.refuse(new Refusal('PEER_GONE', `silent for ${silenceMs} ms`));
    else if (++ticks % 2 === 0) socket.ping();
  }, tickMs);
  socket.observe({
    heard() {
      heard = true;
    },
    ended: () => clearInterval(ticker),
  });
}
