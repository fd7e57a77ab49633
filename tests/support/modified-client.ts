// A client that is verified as any other and then seals and sends whatever a test wants, at whatever pace.
import { Channel } from '#protocol/inner/channel.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { Lane } from '#protocol/lanes.ts';
import type { End } from '#web/core/ends.ts';
import type { BothEnds } from './both-ends.ts';

export interface ModifiedClient {
  /** The session's id. */
  session: string;
  /** Seals at once and sends. */
  send(lane: typeof Lane.input | typeof Lane.control, plaintext: Uint8Array): void;
  acknowledge(): void;
  /** How many records of the frame lane have come. */
  frames(): number;
  ended: Promise<End>;
}

export async function openModified(ends: BothEnds): Promise<ModifiedClient> {
  const { socket, inbox, established } = await ends.open();
  const channel = new Channel(nodeCipher, established, {
    output: (record) => socket.sendRecord(record),
    now: () => performance.now(),
  });
  const { promise: ended, resolve } = Promise.withResolvers<End>();
  let frames = 0;
  let incoming: Promise<void> = Promise.resolve();
  inbox.handOver({
    text() {},
    record(record) {
      incoming = incoming.then(async () => {
        const message = await channel.receive(record);
        if (message?.lane === Lane.frame) frames++;
        if (message?.lane === Lane.close) resolve({ code: message.code, authentic: true });
      });
    },
    closed(code) {
      void incoming.finally(() => resolve({ code, authentic: false }));
    },
  });
  return {
    session: established.session.id,
    send: (lane, plaintext) => void channel.send(lane, plaintext),
    acknowledge: () => channel.acknowledge(0),
    frames: () => frames,
    ended,
  };
}
