// Finds out that a peer is gone although TCP does not say so: a cable pulled, a host that died.
import { Refusal } from '#protocol/codes.ts';
import { LINK_KEEP_ALIVE_MS, LINK_SILENCE_MAX_MS } from '#protocol/limits.ts';
import type { Socket } from './websocket.ts';

/**
 * Pings every `intervalMs` and refuses the socket with PEER_GONE after `silenceMs` without a sign of life. While we do
 * not read, its silence is our own doing and does not count; then the write stall watches. Ends with the socket.
 */
export function keepAlive(
  socket: Socket,
  {
    intervalMs = LINK_KEEP_ALIVE_MS,
    silenceMs = LINK_SILENCE_MAX_MS,
  }: { intervalMs?: number; silenceMs?: number } = {},
): void {
  const silence = setTimeout(() => {
    if (socket.paused) silence.refresh();
    else socket.refuse(new Refusal('PEER_GONE', `silent for ${silenceMs} ms`));
  }, silenceMs);
  const ping = setInterval(() => {
    if (socket.paused) silence.refresh();
    socket.ping();
  }, intervalMs);
  socket.observe({
    heard: () => silence.refresh(),
    ended() {
      clearTimeout(silence);
      clearInterval(ping);
    },
  });
}
