// One bit turned inside a relay, where the hops' TLS ends: in each message of the handshake and in each lane of each direction.
import { readHeader } from '#protocol/header.ts';
import { Lane } from '#protocol/lanes.ts';
import { HEADER_BYTES } from '#protocol/limits.ts';
import type { Attempt, Expected, Live } from './attempt.ts';
import type { HostileBroker } from './hostile-broker.ts';
import type { Meddle, Way } from './middle.ts';

const PROTOCOL_ERROR = { code: 'PROTOCOL_ERROR', authentic: true } as const;
const BY_AGENT = { code: 'PROTOCOL_ERROR', authentic: false } as const;
const FORGED = { code: 'RECORD_FORGED', authentic: true } as const;

export const FLIPS = 12;

export const flipsOf = (broker: HostileBroker): Attempt[] => targets(broker).map(attemptOf);

interface Target {
  readonly name: string;
  readonly way: Way;
  /** Of the handshake, the how manieth record of its direction. */
  readonly step?: number;
  /** 0 to 1 of the body; anywhere if it is left out. */
  readonly place?: number;
  readonly lane: Lane;
  readonly act?: Attempt['act'];
  readonly expected: Pick<Expected, 'client' | 'agent'>;
}

const ENDS: Pick<Expected, 'client' | 'agent'> = { client: PROTOCOL_ERROR, agent: /RECORD_FORGED/ };
const FOUND_BY_CLIENT: Pick<Expected, 'client' | 'agent'> = { client: PROTOCOL_ERROR, agent: /ENDED_BY_CLIENT/ };

const targets = (broker: HostileBroker): readonly Target[] => [
  {
    name: 'hello',
    way: 'inward',
    step: 0,
    // In the middle of both lies what belongs to ML-KEM.
    place: 0.4,
    lane: Lane.handshake,
    expected: { client: { code: 'AGENT_REFUSED', authentic: false }, agent: /GRANT_MISMATCH/ },
  },
  {
    name: 'answer',
    way: 'outward',
    step: 0,
    place: 0.5,
    lane: Lane.handshake,
    expected: { client: FORGED, agent: /PEER_GONE/ },
  },
  { name: 'identity', way: 'outward', step: 1, lane: Lane.handshake, expected: { client: FORGED, agent: /PEER_GONE/ } },
  {
    name: 'proof',
    way: 'inward',
    step: 1,
    lane: Lane.handshake,
    expected: { client: BY_AGENT, agent: /RECORD_FORGED/ },
  },
  { name: 'ready', way: 'outward', step: 2, lane: Lane.handshake, expected: { client: FORGED, agent: /PEER_GONE/ } },
  { name: 'input', way: 'inward', lane: Lane.input, act: ({ type }) => type(), expected: ENDS },
  { name: 'control', way: 'inward', lane: Lane.control, act: ({ view }) => view.session.refresh(), expected: ENDS },
  { name: 'acknowledgement', way: 'inward', lane: Lane.ack, expected: ENDS },
  // The client has ended by itself; that it did so cannot be changed on the way.
  {
    name: 'close',
    way: 'inward',
    lane: Lane.close,
    act: ({ view }) => view.session.end(),
    expected: { client: { code: 'ENDED', authentic: true }, agent: /RECORD_FORGED/ },
  },
  { name: 'frame', way: 'outward', lane: Lane.frame, expected: FOUND_BY_CLIENT },
  { name: 'acknowledgement', way: 'outward', lane: Lane.ack, act: pointing, expected: FOUND_BY_CLIENT },
  {
    name: 'close',
    way: 'outward',
    lane: Lane.close,
    act: ({ middle }) => broker.revoke(middle.session),
    expected: { client: PROTOCOL_ERROR, agent: /SIGNED_OUT/ },
  },
];

function pointing({ view }: Live): void {
  view.session.input({ type: 'pointer', buttons: 0, x: 1, y: 1 });
}

function attemptOf({ name, way, step, place, lane, act, expected }: Target): Attempt {
  const fits = (record: Uint8Array) =>
    readHeader(record).lane === lane && (step === undefined || readHeader(record).sequence === step);
  const meddle = (): Meddle => {
    let done = false;
    return (one, record) => {
      if (done || one !== way || !fits(record)) return [record];
      done = true;
      // Behind the header, which the relay itself would refuse.
      const at = HEADER_BYTES + Math.floor((place ?? Math.random()) * (record.length - HEADER_BYTES));
      return [record.with(at, (record[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8)))];
    };
  };
  return {
    ...{
      name: `${name}, ${way}`,
      said: { ja: `${name}（${way === 'inward' ? '内向き' : '外向き'}）`, en: `${name}, ${way}` },
      meddle,
      expected: { ...expected, arrivedMax: 0 },
    },
    ...(act ? { act } : {}),
  };
}
