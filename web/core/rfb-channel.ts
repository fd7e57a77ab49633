// What noVNC takes for its connection: an object with the properties of a WebSocket or RTCDataChannel. It carries one RFB
// object from its greeting to its end; a new RFB object gets a new channel.
import type { InputEvent } from '#protocol/inner/profile.ts';
import { IncrementalParser } from '#protocol/inner/screen/parse.ts';
import type { Size } from '#protocol/inner/screen/rectangle.ts';
import { clientGrammar } from './rfb-client-messages.ts';
import { SECURITY, SECURITY_RESULT, serverInit, VERSION } from './rfb-greeting.ts';

export interface ChannelOwner {
  /** The screen as it is when the greeting tells it. */
  size(): Size;
  after(ms: number, callback: () => void): () => void;
  ready(): void;
  input(event: InputEvent): void;
  resize(width: number, height: number): void;
  drawn(updates: number): void;
  /** noVNC closed the channel, said what it never says, or threw: it draws no more. */
  broken(): void;
}

export class RfbChannel {
  // noVNC looks for these by name among the object's own and its class's properties.
  binaryType = 'arraybuffer';
  readonly protocol = '';
  readyState: 'connecting' | 'open' | 'closed' = 'connecting';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer | Uint8Array }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;

  readonly #owner: ChannelOwner;
  readonly #said: IncrementalParser;
  readonly #timers = new Set<() => void>();

  constructor(owner: ChannelOwner) {
    this.#owner = owner;
    this.#said = new IncrementalParser(
      clientGrammar({
        greeted: (step) => this.#greet(step),
        ready: () => owner.ready(),
        input: (event) => owner.input(event),
        resize: (width, height) => owner.resize(width, height),
        drawn: (updates) => owner.drawn(updates),
      }),
    );
    // The handlers are set when noVNC's constructor is done.
    this.#later(() => {
      this.readyState = 'open';
      this.onopen?.();
      this.deliver(VERSION);
    });
  }

  /** @param bytes of a buffer that noVNC uses again, so they are copied */
  send(bytes: Uint8Array): void {
    if (this.readyState === 'open') this.#said.push(bytes.slice()).catch(() => this.close());
  }

  /** By noVNC, or when it said or threw what it never does. */
  close(): void {
    if (this.readyState === 'closed') return;
    this.shut();
    this.#owner.broken();
  }

  /** Hands noVNC the next bytes from its server; it takes a copy. */
  deliver(bytes: Uint8Array): void {
    if (this.readyState !== 'open') return;
    const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
    try {
      // An ArrayBuffer is copied once, a view twice.
      this.onmessage?.({ data: whole ? (bytes.buffer as ArrayBuffer) : bytes });
    } catch {
      this.close();
    }
  }

  /** By the owner: noVNC is told that its server is gone, and takes its elements away. */
  shut(): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    for (const callOff of this.#timers) callOff();
    this.onclose?.({ code: 1000 });
  }

  /** Each step in an event of its own: noVNC does not expect its server's word while it is still speaking. */
  #greet(step: 'version' | 'security' | 'init'): void {
    const answer = { version: SECURITY, security: SECURITY_RESULT, init: null }[step];
    this.#later(() => this.deliver(answer ?? serverInit(this.#owner.size())));
  }

  #later(then: () => void): void {
    const callOff = this.#owner.after(0, () => {
      this.#timers.delete(callOff);
      then();
    });
    this.#timers.add(callOff);
  }
}
