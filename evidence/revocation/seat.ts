// A client at a desktop, in this process: once it works it types, so that pictures keep coming, and it notes when the last one
// came, when the session ended, with which reason, and whether that stood under the seal.
import { ClientFramebuffer } from '#client-sim/framebuffer.ts';
import type { System } from '#lab/system.ts';
import { refusalFrom } from '#protocol/codes.ts';
import type { DataSocket } from '#protocol/outer/data-socket.ts';
import { DesktopSession } from '#web/core/desktop-session.ts';
import { type End, endOf, RefusedByGateway } from '#web/core/ends.ts';
import { type Opening, openDesktop, type Pinned } from '#web/core/open.ts';
import { admit, signIn, type User, type Visitor } from './people.ts';

const TYPING_MS = 100;

export interface SeatEnd extends End {
  /** ms since 1970 */
  at: number;
  lastFrameAt: number;
}

export interface Seat {
  readonly visitor: Visitor;
  /** Its id. */
  readonly session: string;
  readonly desktop: string;
  /** Frame records so far. */
  readonly frames: number;
  readonly end: SeatEnd | null;
  readonly ended: Promise<SeatEnd>;
  /** Types from now on; resolves with the next picture. */
  work(): Promise<void>;
  /** Opens the desktop once more, and gives up what opens. @returns "opened", or the code of the refusal */
  tryAgain(): Promise<string>;
  leave(): void;
}

/** Signs in, pairs and opens the desktop; resolves with the first picture. */
export async function takeSeat(
  system: System,
  user: User,
  desktop: string,
  {
    agentSocket = system.sockets.agent,
    helped,
  }: { agentSocket?: string; helped?: (honest: DataSocket) => DataSocket } = {},
): Promise<Seat> {
  const visitor = await signIn(system, user, helped);
  try {
    const { opening, pinned } = await admit(system, agentSocket, user, visitor, desktop);
    return await sit(visitor, opening, pinned);
  } catch (error) {
    visitor.transport.close();
    throw error;
  }
}

async function sit(visitor: Visitor, opening: Opening, pinned: Pinned): Promise<Seat> {
  const { around } = visitor;
  const opened = await openDesktop(around, opening, pinned);
  const picture = new ClientFramebuffer(opened.ready.width, opened.ready.height);
  const first = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<SeatEnd>();
  const waiting: (() => void)[] = [];
  const tell = () => {
    for (const told of waiting.splice(0)) told();
  };
  let typing: NodeJS.Timeout | undefined;
  let frames = 0;
  let lastFrameAt = Date.now();
  let end: SeatEnd | null = null;
  const session: DesktopSession = new DesktopSession(around, opened, {
    async frame(bytes) {
      frames++;
      lastFrameAt = Date.now();
      await picture.push(bytes);
      session.drawn(picture.drawn);
      if (picture.drawn > 0) first.resolve();
      tell();
    },
    ended(how) {
      end = { ...how, at: Date.now(), lastFrameAt };
      clearInterval(typing);
      tell();
      ended.resolve(end);
      first.reject(new Error(`${opening.desktop}: ended with ${how.code} before the first picture`));
    },
  });
  await first.promise;
  return {
    ...{ visitor, desktop: opening.desktop },
    session: opened.established.session.id,
    get frames() {
      return frames;
    },
    get end() {
      return end;
    },
    ended: ended.promise,
    work() {
      let down = true;
      typing ??= setInterval(() => {
        session.input({ type: 'key', down, keysym: 0x61 });
        down = !down;
      }, TYPING_MS);
      return new Promise((told) => waiting.push(told));
    },
    async tryAgain() {
      try {
        const again = await openDesktop(around, opening, pinned);
        again.socket.close('ENDED');
        return 'opened';
      } catch (error) {
        return endOf(error).code;
      }
    },
    leave() {
      clearInterval(typing);
      session.end();
      visitor.transport.close();
    },
  };
}

/** What stood in the way of something at the gateway; "done" if nothing did. */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    return error instanceof RefusedByGateway ? error.code : refusalFrom(error).code;
  }
}
