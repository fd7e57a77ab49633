// A data link between a client and an agent in this process, with the relays' place in the middle: what stands there sees
// every record, may change, drop, hold, repeat or invent, and may say any close code.
import type { Bytes } from '#protocol/bytes.ts';
import type { Code } from '#protocol/codes.ts';
import type { DataSocket, SocketHandlers } from '#protocol/outer/data-socket.ts';

export type Way = 'inward' | 'outward';

/** @returns the records that go on in the place of `record` */
export type Meddler = (way: Way, record: Bytes) => readonly Bytes[];

export class MemoryLink {
  readonly client: MemorySocket;
  readonly agent: MemorySocket;
  /** Every record as it was sent, oldest first. */
  readonly sent: Record<Way, Bytes[]> = { inward: [], outward: [] };
  meddle: Meddler = (_, record) => [record];

  /** @param heard is told the texts that each end says to the relay beside it */
  constructor(heard: (from: 'client' | 'agent', text: string) => void) {
    this.client = new MemorySocket(this, 'inward', (text) => heard('client', text));
    this.agent = new MemorySocket(this, 'outward', (text) => heard('agent', text));
  }

  /** The relay says so to both ends. */
  say(text: string): void {
    for (const end of [this.client, this.agent]) later(() => end.arrive({ text }));
  }

  /** Puts a record on its way, whoever made it. */
  put(way: Way, record: Bytes): void {
    later(() => this.#end(way).arrive({ record }));
  }

  pass(way: Way, record: Bytes): void {
    this.sent[way].push(record);
    for (const one of this.meddle(way, record)) this.put(way, one);
  }

  /** The relay ends it, behind what is under way. */
  cut(code: Code): void {
    for (const end of [this.client, this.agent]) later(() => end.arrive({ closed: code }));
  }

  closed(way: Way, code: Code): void {
    later(() => this.#end(way).arrive({ closed: code }));
  }

  #end(way: Way): MemorySocket {
    return way === 'inward' ? this.agent : this.client;
  }
}

/** In the order of the calls, and never at once: what is sent arrives in another turn of the event loop. */
const later = (then: () => void) => void setImmediate(then);

type Item = { text: string } | { record: Bytes } | { closed: Code };

export class MemorySocket implements DataSocket {
  readonly #link: MemoryLink;
  readonly #way: Way;
  readonly #said: (text: string) => void;
  #handlers: SocketHandlers | null = null;
  #before: Item[] = [];
  /** What it was closed with, by whichever side. */
  ended: Code | null = null;
  /** Nothing waits in memory; a test may say otherwise. */
  pressure = 0;

  constructor(link: MemoryLink, way: Way, said: (text: string) => void) {
    this.#link = link;
    this.#way = way;
    this.#said = said;
  }

  sendText(text: string): void {
    if (this.ended === null) later(() => this.#said(text));
  }

  sendRecord(record: Uint8Array): void {
    if (this.ended === null) this.#link.pass(this.#way, new Uint8Array(record));
  }

  close(code: Code): void {
    if (this.ended !== null) return;
    this.ended = code;
    this.#handlers?.closed(code);
    this.#link.closed(this.#way, code);
  }

  listen(handlers: SocketHandlers): void {
    this.#handlers = handlers;
    for (const item of this.#before.splice(0)) this.#hand(item);
  }

  arrive(item: Item): void {
    if (this.ended !== null) return;
    if ('closed' in item) this.ended = item.closed;
    if (this.#handlers) this.#hand(item);
    else this.#before.push(item);
  }

  #hand(item: Item): void {
    if ('text' in item) this.#handlers?.text(item.text);
    else if ('record' in item) this.#handlers?.record(item.record);
    else this.#handlers?.closed(item.closed);
  }
}

const UNTIL_MAX_MS = 15_000;

/** Lets the event loop turn until it is so; works under fake timers, too. @throws Error naming `what` */
export async function until(what: string, done: () => boolean): Promise<void> {
  const began = performance.now();
  while (!done()) {
    if (performance.now() - began > UNTIL_MAX_MS) throw new Error(`never happened: ${what}`);
    await new Promise((next) => setImmediate(next));
  }
}

/** Lets what is under way in memory arrive; nothing that needs a thread is waited for. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
}
