// A client that says it received what it never read: its acks are properly sealed lies, each for the next record that
// the agent may have sent. Whoever believes them sends into queues that nobody empties (T13).
import { Writer } from '#protocol/bytes.ts';
import type { Code } from '#protocol/codes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { Generations } from '#protocol/inner/generation.ts';
import { Direction, Lane } from '#protocol/lanes.ts';
import { HANDSHAKE_RECORDS_INWARD, HANDSHAKE_RECORDS_OUTWARD } from '#protocol/limits.ts';
import type { OpenedSession } from '#web/core/open.ts';

export interface LyingClient {
  /** The id that the audit logs know it by. */
  readonly session: string;
  /** Of the records that arrived all the same. */
  readonly received: { records: number; bytes: number };
  /** Says that so many more records arrived, and that everything was drawn. */
  lie(records?: number): Promise<void>;
  readonly ended: Promise<Code>;
}

/** @param opened used up by this */
export function lyingClient({ established, inbox, socket }: OpenedSession): LyingClient {
  const { id: session, epoch } = established.session;
  const { client: secret } = established.takeTrafficSecrets();
  const sealing = new Generations(nodeCipher, { session, epoch, direction: Direction.inward }, secret);
  const { promise: ended, resolve } = Promise.withResolvers<Code>();
  const received = { records: 0, bytes: 0 };
  let sequence = HANDSHAKE_RECORDS_INWARD;
  let claimed = HANDSHAKE_RECORDS_OUTWARD;
  inbox.handOver({
    text() {},
    record(record) {
      received.records++;
      received.bytes += record.length;
    },
    closed: resolve,
  });
  return {
    session,
    received,
    ended,
    async lie(records = 1) {
      claimed += records;
      const ack = new Writer()
        .u64(claimed - 1)
        .u32(0xffff_ffff)
        .u32(0)
        .done();
      socket.sendRecord(await sealing.seal(Lane.ack, sequence++, ack));
    },
  };
}
