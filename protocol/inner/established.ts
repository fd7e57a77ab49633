// The end of a handshake: both ends are verified, and the session has its secrets.
import type { Bytes } from '../bytes.ts';
import type { Direction } from '../lanes.ts';
import type { Handshake } from './agreement.ts';
import { sessionSecrets } from './keys.ts';
import { Once } from './once.ts';
import type { Suite } from './suites.ts';

interface Session {
  /** 32 hex digits */
  id: string;
  epoch: number;
  suite: Suite;
  /** The direction in which this end sends. */
  sends: Direction;
  /** For a later use of the session's keys outside its records, 32 bytes. */
  exporter: Bytes;
  /** The PSK of the next epoch, 32 bytes: a resume starts from here. */
  resumption: Bytes;
}

interface TrafficSecrets {
  client: Bytes;
  agent: Bytes;
}

let make: (session: Session, traffic: TrafficSecrets) => Established;

/** Only `establish` can make one; a Channel takes its traffic secrets, once. */
export class Established {
  readonly session: Session;
  readonly #traffic: Once<TrafficSecrets>;

  private constructor(session: Session, traffic: TrafficSecrets) {
    this.session = session;
    this.#traffic = new Once(traffic);
  }

  static {
    make = (session, traffic) => new Established(session, traffic);
  }

  /** @throws MESSAGE_UNEXPECTED the second time: two channels of one session would use each nonce twice */
  takeTrafficSecrets(): TrafficSecrets {
    return this.#traffic.take();
  }
}

/** @param handshake up to and including the client's Finished, which the caller has made or checked */
export async function establish(handshake: Handshake, sends: Direction): Promise<Established> {
  const { cipher, hello, secrets, transcript } = handshake;
  const { client, agent, exporter, resumption } = await sessionSecrets(
    cipher,
    secrets.derived,
    await transcript.hash(),
  );
  const { session: id, epoch, suite } = hello;
  return make({ id, epoch, suite, sends, exporter, resumption }, { client, agent });
}
