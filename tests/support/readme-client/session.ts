// protocol/README.md, "Plaintexts": what a client does after the handshake.
import type { Messages } from './gateway.ts';
import { type Established, FIRST_INWARD, FIRST_OUTWARD } from './handshake.ts';
import { INWARD, nextGeneration, number, OUTWARD, open, type Sealing, seal, trafficKey } from './keys.ts';
import { Picture } from './picture.ts';

const LANE = { frame: 2, input: 3, control: 4, ack: 5, close: 6 };
const KEY_UPDATE = 240;
/** No more often than this, and no later: the agent's window may be as small as a record. */
const ACK_EVERY_MS = 6;

export class Session {
  readonly picture: Picture;
  readonly #messages: Messages;
  readonly #inward: Sealing;
  readonly #outward: Sealing;
  #outwardSecret: Buffer;
  #nextInward = FIRST_INWARD;
  #nextOutward = FIRST_OUTWARD;
  #ackTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor({ messages, session, ready, inward, outward }: Established) {
    this.picture = new Picture(ready.width, ready.height);
    this.#messages = messages;
    this.#inward = { key: trafficKey(inward), session, direction: INWARD };
    this.#outward = { key: trafficKey(outward), session, direction: OUTWARD };
    this.#outwardSecret = outward;
  }

  /** Reads until the picture is as wanted. @returns the code of the agent's sealed close, or null if `until` came true */
  async read(until: (picture: Picture) => boolean): Promise<number | null> {
    while (!until(this.picture)) {
      const record = await this.#messages.nextRecord();
      const { lane, plaintext } = open(this.#outward, this.#nextOutward++, record);
      if (lane === LANE.close) return plaintext.readUInt16BE(8);
      if (lane === LANE.control && plaintext.readUInt8(0) === KEY_UPDATE) this.#renewKey();
      if (lane !== LANE.frame) continue;
      this.picture.push(plaintext);
      this.#ackTimer ??= setTimeout(() => this.#acknowledge(), ACK_EVERY_MS);
    }
    return null;
  }

  /** A key of the keyboard: the X keysym, pressed and let go. */
  type(keysym: number): void {
    for (const down of [1, 0]) this.#send(LANE.input, 16, Buffer.of(4, down, 0, 0), number(keysym, 4));
  }

  /** Ends in order; the agent's own close follows, with what it had sent before. */
  close(): void {
    this.#send(LANE.close, 16, number(this.#nextInward, 8), number(0, 2));
    this.#closed = true;
  }

  #acknowledge(): void {
    this.#ackTimer = null;
    if (this.#closed) return;
    this.#send(LANE.ack, 16, number(this.#nextOutward - 1, 8), number(this.picture.updates, 4), number(0, 4));
  }

  #send(lane: number, size: number, ...parts: Buffer[]): void {
    const plaintext = Buffer.alloc(size);
    Buffer.concat(parts).copy(plaintext);
    this.#messages.send(seal(this.#inward, lane, this.#nextInward++, plaintext));
  }

  #renewKey(): void {
    this.#outwardSecret = nextGeneration(this.#outwardSecret);
    this.#outward.key = trafficKey(this.#outwardSecret);
  }
}
