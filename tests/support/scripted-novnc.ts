// noVNC 1.7.0 as the adapter sees it: the greeting step by step, a picture queue that a test can hold up, fences answered
// only when it is empty, messages flushed from one buffer that is used again. Written from the adapter's side of the
// channel; it shares no code with the adapter.
import type { RfbChannel } from '#web/core/rfb-channel.ts';
import { u16, u32 } from './rfb-bytes.ts';

export class ScriptedNoVnc {
  /** Every event of the channel, in order: 'open', the length of a message, 'close'. */
  readonly events: (string | number)[] = [];
  /** Bytes after the greeting. */
  received: number[] = [];
  /** What the greeting said. */
  greeting: number[][] = [];
  connected = false;
  /** While false, fences stay unanswered, as behind a picture that does not decode. */
  draws = true;
  readonly #channel: RfbChannel;
  readonly #buffer = new Uint8Array(10 * 1024);
  #fences: number[][] = [];
  #depth = 0;

  constructor(channel: RfbChannel) {
    this.#channel = channel;
    channel.onopen = () => this.events.push('open');
    channel.onclose = () => this.events.push('close');
    channel.onmessage = ({ data }) => this.#message(new Uint8Array(data));
  }

  /** The way noVNC flushes: a view of its buffer, which it then writes into again. */
  say(bytes: readonly number[]): void {
    for (let at = 0; at < bytes.length; at += this.#buffer.length) {
      const part = bytes.slice(at, at + this.#buffer.length);
      this.#buffer.set(part);
      this.#channel.send(this.#buffer.subarray(0, part.length));
      this.#buffer.fill(0xee);
    }
  }

  draw(): void {
    this.draws = true;
    for (const payload of this.#fences.splice(0)) this.#answer(payload);
  }

  #message(bytes: Uint8Array): void {
    if (this.#depth > 0) throw new Error('a message inside a message');
    this.#depth++;
    this.events.push(bytes.length);
    if (this.connected) this.#take([...bytes]);
    else this.#greet([...bytes]);
    this.#depth--;
  }

  #greet(bytes: number[]): void {
    this.greeting.push(bytes);
    const answers = [[...Buffer.from('RFB 003.008\n')], [1], [1]];
    const answer = answers[this.greeting.length - 1];
    if (answer) {
      this.say(answer);
      return;
    }
    this.say([0, 0, 0, 0, ...Array(16).fill(7)]);
    this.say([2, 0, ...u16(3), ...u32(7, -258, -316)]);
    this.say([3, 0, ...u16(0, 0, 640, 480)]);
    this.connected = true;
  }

  /** A fence stands at the end of a message; what a FramebufferUpdate holds is the test's business. */
  #take(bytes: number[]): void {
    this.received.push(...bytes);
    if (bytes.length !== 17 || bytes[4] !== 248) return;
    const payload = bytes.slice(13);
    if (this.draws) this.#answer(payload);
    else this.#fences.push(payload);
    this.say([3, 1, ...u16(0, 0, 640, 480)]);
  }

  #answer(payload: number[]): void {
    this.say([248, 0, 0, 0, ...u32(1), payload.length, ...payload]);
  }

  /** What came from the agent, without the adapter's questions. */
  get stream(): number[] {
    const stream = [...this.received];
    for (let at = 0; at + 17 <= stream.length; at++) {
      const question = [0, 0, 0, 0, 248, 0, 0, 0, 0x80, 0, 0, 1, 4];
      if (question.every((byte, i) => stream[at + i] === byte)) stream.splice(at--, 17);
    }
    return stream;
  }
}
