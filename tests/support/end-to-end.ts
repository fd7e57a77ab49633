// Both ends of an end-to-end session in one process, step by step, so that a test can stand between any two steps.
import type { Bytes } from '#protocol/bytes.ts';
import { Channel, type ChannelOptions } from '#protocol/inner/channel.ts';
import type { Cipher, SigningKey } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { answerHello, type Established, type Mode, makeShares, readHello } from '#protocol/inner/handshake.ts';
import type { WebAuthnPins } from '#protocol/inner/passkey.ts';
import type { PairedKey, Prover } from '#protocol/inner/proof.ts';
import { DEFAULT_SUITE, type Suite } from '#protocol/inner/suites.ts';

export const PARAMETERS = {
  session: '000102030405060708090a0b0c0d0e0f',
  epoch: 0,
  municipality: '131016',
  desktop: '131016/office/desk-1',
  grant: 'aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl',
  lastReceived: 0,
};
export const READY = { width: 1280, height: 800, idleSeconds: 900, overallSeconds: 43_200, inputPerSecond: 100 };
export const USER = 'tanaka';

export const agentKey: SigningKey = importSigningKey(newSigningKeyPem());
export const deviceKey: SigningKey = importSigningKey(newSigningKeyPem());

export const proverOf = (key: SigningKey): Prover => ({ kind: 'device-key', key });
export const pairedOf = ({ publicKey }: SigningKey) => ({ kind: 'device-key', publicKey }) as const;

/** The five records of a handshake, by name, in the order they are sent. */
export const STEPS = ['hello', 'answer', 'identity', 'proof', 'ready'] as const;
export type Step = (typeof STEPS)[number];

export interface Settings {
  client: Cipher;
  agent: Cipher;
  suite: Suite;
  mode: Mode;
  parameters: typeof PARAMETERS;
  /** What each end believes the pairing code to be. */
  clientPsk: Bytes | undefined;
  agentPsk: Bytes | undefined;
  pin: Bytes | 'pairing';
  agentKey: SigningKey;
  deviceKey: SigningKey;
  /** In the place of the device key. */
  prover: Prover | null;
  paired: readonly PairedKey[];
  webauthn: WebAuthnPins | null;
  user: string;
  expectedUser: string;
  /** What stands between the two ends; sees and may replace every record. */
  path(step: Step, record: Bytes): Bytes;
}

export interface Ends {
  client: Established;
  agent: Established;
  digest: Bytes;
}

export async function shakeHands(changes: Partial<Settings> = {}): Promise<Ends> {
  const settings: Settings = {
    client: nodeCipher,
    agent: nodeCipher,
    suite: DEFAULT_SUITE,
    mode: 'open',
    parameters: PARAMETERS,
    clientPsk: undefined,
    agentPsk: undefined,
    pin: agentKey.publicKey,
    agentKey,
    deviceKey,
    prover: null,
    paired: [pairedOf(deviceKey)],
    webauthn: null,
    user: USER,
    expectedUser: USER,
    path: (_, record) => record,
    ...changes,
  };
  const { path } = settings;
  const shares = await makeShares(settings.client, settings.suite, settings.mode, settings.clientPsk);
  const offered = await shares.hello(settings.parameters);
  const hello = readHello(path('hello', offered.record));
  const answered = await answerHello(settings.agent, hello, settings.agentKey, settings.agentPsk);
  const expectIdentity = await offered.next.handle(path('answer', answered.records[0]));
  const agent = await expectIdentity.handle(path('identity', answered.records[1]), settings.pin);
  const proof = await agent.prove(settings.user, settings.prover ?? proverOf(settings.deviceKey));
  const { expectedUser, paired, webauthn } = settings;
  const expected = { user: expectedUser, keys: paired, webauthn };
  const user = await answered.next.handle(path('proof', proof.record), expected);
  const last = await user.ready(READY);
  const { established } = await proof.next.handle(path('ready', last.record));
  return { client: established, agent: last.established, digest: shares.digest };
}

/** The records of an undisturbed handshake. */
export async function recordsOf(changes: Partial<Settings> = {}): Promise<Record<Step, Bytes>> {
  const records = {} as Record<Step, Bytes>;
  await shakeHands({
    ...changes,
    path(step, record) {
      records[step] = record;
      return record;
    },
  });
  return records;
}

export interface Channels {
  client: Channel;
  agent: Channel;
  /** Records on their way, oldest first. */
  inward: Bytes[];
  outward: Bytes[];
  clock: { now: number };
}

export async function openChannels(
  changes: Partial<Settings> = {},
  generation?: ChannelOptions['generation'],
): Promise<Channels> {
  const ends = await shakeHands(changes);
  const inward: Bytes[] = [];
  const outward: Bytes[] = [];
  const clock = { now: 0 };
  const options = (queue: Bytes[]): ChannelOptions => ({
    output: (record) => queue.push(record),
    now: () => clock.now,
    ...(generation && { generation }),
  });
  return {
    client: new Channel(changes.client ?? nodeCipher, ends.client, options(inward)),
    agent: new Channel(changes.agent ?? nodeCipher, ends.agent, options(outward)),
    inward,
    outward,
    clock,
  };
}
