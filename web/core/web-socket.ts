// A data socket over the WebSocket of the web platform.
import { type Code, closeCode, codeFromClose } from '#protocol/codes.ts';
import { OPENING_MAX_MS } from '#protocol/limits.ts';
import type { DataSocket, SocketHandlers } from '#protocol/outer/data-socket.ts';
import { RefusedByGateway } from './ends.ts';

/** The part of a WebSocket that is used; its events are assigned once. */
export type PlainWebSocket = Pick<
  WebSocket,
  'binaryType' | 'bufferedAmount' | 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'
>;

/**
 * @param socket connecting
 * @returns when it is open; what comes after that is lost unless `listen` follows in the same turn of the event loop
 * @throws RefusedByGateway CONNECTION_LOST: a browser tells no page why a WebSocket was refused
 */
export function whenOpen(
  socket: PlainWebSocket,
  after: (ms: number, callback: () => void) => () => void,
): Promise<DataSocket> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new RefusedByGateway('CONNECTION_LOST'));
    const callOff = after(OPENING_MAX_MS, () => {
      fail();
      socket.close();
    });
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      callOff();
      resolve(dataSocketOver(socket));
    };
    socket.onclose = () => {
      callOff();
      fail();
    };
  });
}

function dataSocketOver(socket: PlainWebSocket): DataSocket {
  let handlers: SocketHandlers | null = null;
  let closed = false;
  const end = (code: Code) => {
    if (closed) return;
    closed = true;
    handlers?.closed(code);
  };
  return {
    get pressure() {
      return socket.bufferedAmount;
    },
    // What is said into a closed one is lost anyway; the browser would note each time on its console.
    sendText(text) {
      if (!closed) socket.send(text);
    },
    sendRecord(record) {
      if (!closed) socket.send(record as Uint8Array<ArrayBuffer>);
    },
    close(code) {
      socket.close(closeCode(code));
      // The other side may never answer.
      end(code);
    },
    listen(taken) {
      handlers = taken;
      socket.onmessage = ({ data }) => {
        if (closed) return;
        if (typeof data === 'string') taken.text(data);
        else taken.record(new Uint8Array(data as ArrayBuffer));
      };
      socket.onclose = ({ code }) => end(codeFromClose(code));
    },
  };
}
