// What noVNC says to its server, read by length from bytes cut anywhere. Keys, pointer and size become events; everything
// else is swallowed. ClientCutText is skipped unread: no event stands for it, so none can leave (T10).
import { Refusal } from '#protocol/codes.ts';
import { ClientMessage, type InputEvent } from '#protocol/inner/profile.ts';
import type { Parse } from '#protocol/inner/screen/parse.ts';
import { viewOf } from '#protocol/inner/screen/rectangle.ts';
import { CLIENT_INIT_BYTES, CLIENT_SECURITY_BYTES, CLIENT_VERSION_BYTES } from './rfb-greeting.ts';

/** Called in the order of the bytes, before the call that brought them returns. */
export interface RfbClient {
  /** The client has said its part of a step; what comes next may be said to it, but not at once (see RfbChannel). */
  greeted(step: 'version' | 'security' | 'init'): void;
  /** It has asked for its first picture: updates may come. */
  ready(): void;
  input(event: InputEvent): void;
  resize(width: number, height: number): void;
  /** The answer to drawnQuestion. */
  drawn(updates: number): void;
}

/** Messages that end here: SetPixelFormat, SetEncodings, ClientCutText, EnableContinuousUpdates, fence, xvp. */
const Swallowed = {
  setPixelFormat: 0,
  setEncodings: 2,
  clientCutText: 6,
  enableContinuousUpdates: 150,
  fence: 248,
  xvp: 250,
} as const;

const POINTER_EXTENDED = 0x80;
const FENCE_PAYLOAD_MAX_BYTES = 64;

/** @throws MESSAGE_UNKNOWN, MALFORMED for what noVNC 1.7.0 never says */
export function* clientGrammar(client: RfbClient): Parse<void> {
  yield { skip: CLIENT_VERSION_BYTES };
  client.greeted('version');
  yield { skip: CLIENT_SECURITY_BYTES };
  client.greeted('security');
  yield { skip: CLIENT_INIT_BYTES };
  client.greeted('init');
  for (;;) yield* readMessage(client);
}

/** Lengths count what follows the type. */
function* readMessage(client: RfbClient): Parse<void> {
  const type = (yield 1)[0] as number;
  switch (type) {
    case ClientMessage.keyEvent: {
      const key = viewOf(yield 7);
      client.input({ type: 'key', down: key.getUint8(0) !== 0, keysym: key.getUint32(3) });
      return;
    }
    case ClientMessage.qemu: {
      const key = viewOf(yield 11);
      if (key.getUint8(0) !== 0) throw new Refusal('MESSAGE_UNKNOWN', 'noVNC: QEMU submessage');
      const down = key.getUint16(1) !== 0;
      client.input({ type: 'physical-key', down, keysym: key.getUint32(3), code: key.getUint32(7) });
      return;
    }
    case ClientMessage.pointerEvent: {
      const pointer = viewOf(yield 5);
      const [mask, x, y] = [pointer.getUint8(0), pointer.getUint16(1), pointer.getUint16(3)];
      const extended = mask & POINTER_EXTENDED ? ((yield 1)[0] as number) & 0b11 : 0;
      client.input({ type: 'pointer', buttons: (mask & 0x7f) | (extended << 7), x, y });
      return;
    }
    case ClientMessage.setDesktopSize: {
      const size = viewOf(yield 7);
      yield { skip: 16 * size.getUint8(5) };
      client.resize(size.getUint16(1), size.getUint16(3));
      return;
    }
    case ClientMessage.framebufferUpdateRequest:
      yield { skip: 9 };
      client.ready();
      return;
    case Swallowed.fence: {
      const length = viewOf(yield 8).getUint8(7);
      if (length > FENCE_PAYLOAD_MAX_BYTES) throw new Refusal('MALFORMED', `noVNC: a fence of ${length} bytes`);
      const payload = yield length;
      if (length === 4) client.drawn(viewOf(payload).getUint32(0));
      return;
    }
    case Swallowed.setPixelFormat:
      yield { skip: 19 };
      return;
    case Swallowed.setEncodings:
      yield { skip: 4 * viewOf(yield 3).getUint16(1) };
      return;
    case Swallowed.clientCutText:
      // A negative length announces the extended form of that many bytes.
      yield { skip: Math.abs(viewOf(yield 7).getInt32(3)) };
      return;
    case Swallowed.enableContinuousUpdates:
      yield { skip: 9 };
      return;
    case Swallowed.xvp:
      yield { skip: 3 };
      return;
    default:
      throw new Refusal('MESSAGE_UNKNOWN', `noVNC: message ${type}`);
  }
}
