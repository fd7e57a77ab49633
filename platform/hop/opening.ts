// The opening handshake (RFC 6455 §4) is the ws package's at both ends; the socket behind it is ours.
import type { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';

/** What both ends ask of ws: nothing is ever compressed, since compression next to secrets leaks their length. */
export const OPENING_OPTIONS = { perMessageDeflate: false } as const;

/**
 * A WebSocket of ws that ends where its framing would begin. A server takes such a class as its `WebSocket` option; what
 * ws then calls is not documented, so its version is pinned, and a contract test (opening.test.ts) watches over it.
 */
export class Opening extends WebSocket {
  /** True once the handshake is over, no listener of ws or of the HTTP server is left, and nothing of it was read. */
  handedOver = false;

  /** Called by ws in place of its own framing. @param head what came right behind the handshake, in the same chunk */
  setSocket(socket: TLSSocket, head: Buffer): void {
    socket.pause();
    socket.setTimeout(0);
    // A lone key goes out at once.
    socket.setNoDelay();
    if (head.length > 0) socket.unshift(head);
    this.handedOver = true;
    this.emit('open');
  }
}
