// The page's two ways to its gateway, requests and the WebSocket of a session, and what else a session needs of a browser.
import type { Surroundings } from '#web/core/open.ts';
import { withWebCrypto } from '#web/core/web-crypto.ts';
import { whenOpen } from '#web/core/web-socket.ts';
import { type KeptToken, requestTo } from '../request.ts';

/** @param gateway an origin, or '' for the page's own */
export function gatewayAt(gateway: string): Surroundings {
  const kept: KeptToken = { token: null };
  const relay = new URL('/relay', gateway || location.origin);
  relay.protocol = 'wss:';
  return withWebCrypto({
    request: requestTo(gateway, kept),
    dial: () => whenOpen(new WebSocket(relay), after),
    token: () => kept.token,
    after,
    now: () => performance.now(),
  });
}

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
