// A data WebSocket as its two ends need it: messages in order, read one by one while opening, then by handlers.
import { type Code, Refusal } from '../codes.ts';
import { RECORD_MAX_BYTES, WINDOW_FIRST_BYTES } from '../limits.ts';

/** Offered by the page's WebSocket and by platform/hop; `listen` takes it over, nothing is lost before it. */
export interface DataSocket {
  /** Bytes accepted for sending that have not left this process yet. */
  readonly pressure: number;
  sendText(text: string): void;
  sendRecord(record: Uint8Array): void;
  close(code: Code): void;
  listen(handlers: SocketHandlers): void;
}

export interface SocketHandlers {
  text(text: string): void;
  record(record: Uint8Array): void;
  /** @param code what the relay said; not authenticated */
  closed(code: Code): void;
}

/** The other side of this socket closed it. Whoever is on the path could have said this code. */
export class ClosedByRelay extends Error {
  readonly code: Code;

  constructor(code: Code) {
    super(code);
    this.code = code;
  }
}

type Item = { text: string } | { record: Uint8Array } | { closed: Code };

/** While nobody reads, nobody acknowledges, and no honest peer sends more than its first window; the handshake is small. */
const HELD_MAX_BYTES = 2 * WINDOW_FIRST_BYTES + RECORD_MAX_BYTES;
/** An empty message costs memory too. */
const ITEM_BYTES = 64;

/** Reads a socket message by message; `handOver` gives what is left and all that follows to handlers. */
export class Inbox {
  readonly #socket: DataSocket;
  readonly #items: Item[] = [];
  #heldBytes = 0;
  #wake: (() => void) | null = null;
  #handlers: SocketHandlers | null = null;

  constructor(socket: DataSocket) {
    this.#socket = socket;
    socket.listen({
      text: (text) => this.#put({ text }),
      record: (record) => this.#put({ record }),
      closed: (closed) => this.#put({ closed }),
    });
  }

  #put(item: Item): void {
    if (this.#handlers) {
      deliver(item, this.#handlers);
      return;
    }
    this.#items.push(item);
    this.#heldBytes += sizeOf(item);
    // T13: a relay that pours records into a handshake must not fill this end's memory.
    if (this.#heldBytes > HELD_MAX_BYTES) {
      this.#items.splice(0, this.#items.length, { closed: 'PROTOCOL_ERROR' });
      this.#heldBytes = 0;
      this.#socket.close('PROTOCOL_ERROR');
    }
    this.#wake?.();
  }

  async #next(): Promise<Item> {
    while (this.#items.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    const item = this.#items.shift() as Item;
    this.#heldBytes -= sizeOf(item);
    if ('closed' in item) throw new ClosedByRelay(item.closed);
    return item;
  }

  /** @throws ClosedByRelay, MESSAGE_UNEXPECTED */
  async nextText(): Promise<string> {
    const item = await this.#next();
    if (!('text' in item)) throw new Refusal('MESSAGE_UNEXPECTED', 'a record before paired');
    return item.text;
  }

  /** @throws ClosedByRelay, MESSAGE_UNEXPECTED */
  async nextRecord(): Promise<Uint8Array> {
    const item = await this.#next();
    if (!('record' in item)) throw new Refusal('MESSAGE_UNEXPECTED', 'text after paired');
    return item.record;
  }

  handOver(handlers: SocketHandlers): void {
    this.#handlers = handlers;
    for (const item of this.#items.splice(0)) deliver(item, handlers);
  }
}

function sizeOf(item: Item): number {
  if ('record' in item) return ITEM_BYTES + item.record.length;
  return ITEM_BYTES + ('text' in item ? item.text.length : 0);
}

function deliver(item: Item, handlers: SocketHandlers): void {
  if ('text' in item) handlers.text(item.text);
  else if ('record' in item) handlers.record(item.record);
  else handlers.closed(item.closed);
}
