// The frame lane as a client reads it that draws by itself (protocol/inner/screen/frame-grammar.ts).
import { type FrameReader, frameGrammar } from '#protocol/inner/screen/frame-grammar.ts';
import { IncrementalParser } from '#protocol/inner/screen/parse.ts';
import { type Region, requireScreenSize, type Size } from '#protocol/inner/screen/rectangle.ts';
import { type CursorPicture, readAlphaCursor } from './cursor.ts';
import { readTight, type TightContents } from './tight.ts';

/** Called in the order of the stream. Every region is not empty and lies within the screen as last reported. */
export interface AgentHandler extends Omit<FrameReader, 'tight' | 'cursor'> {
  /** A promise returned is awaited before anything further is read (see drawTight). */
  tight(region: Region, contents: TightContents): void | Promise<void>;
  /** At most CURSOR_MAX_SIDE each way. */
  cursor(cursor: CursorPicture): void;
}

/** Reads the frame lane from its first byte. */
export class AgentMessages {
  readonly #parser: IncrementalParser;

  /** @param screen the size that the agent's ready message said. @throws MALFORMED if that is too large */
  constructor(screen: Size, handler: AgentHandler) {
    requireScreenSize(screen);
    const reader: FrameReader = {
      *tight(header) {
        const drawn = handler.tight(header, yield* readTight(header));
        if (drawn) yield drawn;
      },
      *cursor(header) {
        handler.cursor(yield* readAlphaCursor(header));
      },
      sized: (report) => handler.sized(report),
      announced: (encoding) => handler.announced(encoding),
      updated: () => handler.updated(),
      bell: () => handler.bell(),
    };
    this.#parser = new IncrementalParser(frameGrammar(screen, reader));
  }

  /**
   * Calls may be made without waiting for the earlier ones; waiting is what keeps memory bounded.
   * @returns rejects with MALFORMED or MESSAGE_UNKNOWN, or with what the handler threw as a Refusal
   */
  push(chunk: Uint8Array): Promise<void> {
    return this.#parser.push(chunk);
  }
}
