// The agent's stream, followed by the closed grammar and cut where a message ends, without looking into a picture and
// without a copy. It knows the screen's size at each point.
import { frameGrammar } from '#protocol/inner/screen/frame-grammar.ts';
import { IncrementalParser } from '#protocol/inner/screen/parse.ts';
import { isResize, requireScreenSize, type Size } from '#protocol/inner/screen/rectangle.ts';
import { readTightHead } from '#protocol/inner/screen/tight-format.ts';

/** Called in the order of the stream. */
export interface FrameStreamEvents {
  /** The first bytes of a message are here. */
  began(): void;
  /** The next bytes of the message, a view; none are left out, none come twice. */
  part(bytes: Uint8Array): void;
  /** The message is whole. */
  ended(message: 'update' | 'bell'): void;
}

export class FrameStream {
  readonly #events: FrameStreamEvents;
  readonly #parser: IncrementalParser;
  #screen: Size;
  /** The chunk that is being read, and how much of it was given on. */
  #chunk: Uint8Array = new Uint8Array(0);
  #given = 0;
  #between = true;

  /** @param screen as the agent's ready message said. @throws MALFORMED if it is too large */
  constructor(screen: Size, events: FrameStreamEvents) {
    requireScreenSize(screen);
    this.#events = events;
    this.#screen = screen;
    this.#parser = new IncrementalParser(
      frameGrammar(screen, {
        *tight(header) {
          yield { skip: (yield* readTightHead(header)).bytes };
        },
        *cursor({ width, height }) {
          yield { skip: 4 * width * height };
        },
        sized: (report) => {
          if (isResize(report)) this.#screen = { width: report.width, height: report.height };
        },
        announced: () => {},
        updated: () => this.#end('update'),
        bell: () => this.#end('bell'),
      }),
    );
  }

  get screen(): Size {
    return this.#screen;
  }

  /** The stream stands between two messages. */
  get between(): boolean {
    return this.#between;
  }

  /**
   * The next bytes, cut anywhere, at least one; to be called when the call before is done.
   * @returns rejects with MALFORMED or MESSAGE_UNKNOWN; what follows the last whole message is not given on then
   */
  async push(bytes: Uint8Array): Promise<void> {
    this.#chunk = bytes;
    this.#given = 0;
    this.#begin();
    await this.#parser.push(bytes);
    this.#give(bytes.length);
  }

  #begin(): void {
    if (!this.#between) return;
    this.#between = false;
    this.#events.began();
  }

  #end(message: 'update' | 'bell'): void {
    const end = this.#chunk.length - this.#parser.unread;
    this.#give(end);
    this.#between = true;
    this.#events.ended(message);
    if (end < this.#chunk.length) this.#begin();
  }

  #give(end: number): void {
    if (end > this.#given) this.#events.part(this.#chunk.subarray(this.#given, end));
    this.#given = end;
  }
}
