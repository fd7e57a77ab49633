// A client that opens a desktop as it should and then sends what a test makes: properly sealed or not, whole or not.
import { deviceKey, pinOf } from '#client-sim/credentials.ts';
import type { Person } from '#lab/person.ts';
import type { Bytes } from '#protocol/bytes.ts';
import { Channel } from '#protocol/inner/channel.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import { Lane } from '#protocol/lanes.ts';
import type { End } from '#web/core/ends.ts';
import { type OpenedSession, openDesktop, type Surroundings } from '#web/core/open.ts';
import { proverOf } from './end-to-end.ts';

export interface RoughClient {
  readonly opened: OpenedSession;
  /** The id that the audit logs know it by. */
  readonly session: string;
  /** Seals any plaintext for a lane, in order; sends nothing. */
  seal(lane: typeof Lane.input | typeof Lane.control, plaintext: Uint8Array): Bytes;
  send(record: Uint8Array): void;
  sendText(text: string): void;
  readonly ended: Promise<End>;
}

/** @param person paired with the desktop already */
export async function openRough(around: Surroundings, person: Person, desktop: string): Promise<RoughClient> {
  const trusted = pinOf(person.folder, desktop);
  if (!trusted) throw new Error(`${desktop} is not paired`);
  const opening = {
    suite: DEFAULT_SUITE,
    user: person.user,
    desktop,
    prover: proverOf(deviceKey(person.folder, false)),
  };
  const opened = await openDesktop(around, opening, { agentKey: trusted, credentialId: null });
  const { id: session } = opened.established.session;
  const sealed: Bytes[] = [];
  const channel = new Channel(nodeCipher, opened.established, {
    output: (record) => sealed.push(record),
    now: around.now,
  });
  const { promise: ended, resolve } = Promise.withResolvers<End>();
  let incoming: Promise<void> = Promise.resolve();
  opened.inbox.handOver({
    text() {},
    record(record) {
      incoming = incoming.then(async () => {
        const message = await channel.receive(record);
        if (message?.lane === Lane.close) resolve({ code: message.code, authentic: true });
      });
    },
    closed(code) {
      void incoming.finally(() => resolve({ code, authentic: false }));
    },
  });
  return {
    opened,
    session,
    ended,
    seal(lane, plaintext) {
      channel.send(lane, plaintext);
      return sealed.at(-1) as Bytes;
    },
    send: (record) => opened.socket.sendRecord(record),
    sendText: (text) => opened.socket.sendText(text),
  };
}
