// A place in the middle of a session, in hostile hands: whoever stands there sees every sealed record and decides what goes on.
import type { Socket } from '#platform/hop/websocket.ts';
import type { Bytes } from '#protocol/bytes.ts';
import type { Code } from '#protocol/codes.ts';

export type Way = 'inward' | 'outward';

/** @returns the records that go on in the place of `record`, at once */
export type Meddle = (way: Way, record: Bytes, middle: Middle) => readonly Bytes[];

export const honest: Meddle = (_, record) => [record];

export class Middle {
  /** The session's id. */
  readonly session: string;
  /** Every record as it came. */
  readonly came: Record<Way, Bytes[]> = { inward: [], outward: [] };
  meddle: Meddle;
  readonly #ends: Record<Way, Socket>;

  /** Takes both sockets over. @param client and agent the ends, or who leads to them */
  constructor(session: string, { client, agent }: { client: Socket; agent: Socket }, meddle: Meddle) {
    this.session = session;
    this.meddle = meddle;
    this.#ends = { inward: agent, outward: client };
    this.#carry('inward', client, agent);
    this.#carry('outward', agent, client);
  }

  /** Sends what somebody made up, or has kept. */
  put(way: Way, record: Uint8Array): void {
    this.#ends[way].sendRecord(record);
  }

  /** Both ends hear this, and nothing else any more. */
  cut(code: Code): void {
    for (const end of Object.values(this.#ends)) end.close(code);
  }

  #carry(way: Way, from: Socket, to: Socket): void {
    from.listen({
      record: (view) => {
        const record: Bytes = new Uint8Array(view);
        this.came[way].push(record);
        for (const one of this.meddle(way, record, this)) to.sendRecord(one);
      },
      closed: (code) => to.close(code),
    });
  }
}
