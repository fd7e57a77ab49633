// protocol/README.md, "Handshake", suite 1, as a client plays it.
import { createECDH, randomBytes } from 'node:crypto';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { Gateway, Messages } from './gateway.ts';
import {
  finished,
  handshakeSecret,
  header,
  INWARD,
  mainSecret,
  number,
  OUTWARD,
  open,
  type Sealing,
  seal,
  sha256,
  Transcript,
  text,
  trafficKey,
  trafficSecret,
  vector,
  verifyTranscript,
} from './keys.ts';
import type { Prove } from './proof.ts';

const HANDSHAKE = 1;
const VERSION = 1;
const P256 = 1;
const MODE = { open: 0, pair: 1 };
/** Sequence numbers run on from the handshake. */
export const FIRST_INWARD = 2;
export const FIRST_OUTWARD = 3;

export interface Ready {
  width: number;
  height: number;
  idleSeconds: number;
  overallSeconds: number;
  inputPerSecond: number;
}

export interface Established {
  messages: Messages;
  session: Buffer;
  agentKey: Buffer;
  ready: Ready;
  /** Traffic secrets of the first generation. */
  inward: Buffer;
  outward: Buffer;
}

/** Either the agent's key is pinned, or the pairing code proves the agent. */
export type Trust = { pin: Buffer } | { code: string };

export interface Wanted {
  user: string;
  desktop: string;
  prove: Prove;
  trust: Trust;
}

/** @throws Error at whatever is not as the document says; the WebSocket is closed then */
export async function shakeHands(gateway: Gateway, wanted: Wanted): Promise<Established> {
  const messages = await gateway.dial();
  try {
    return await handshake(gateway, messages, wanted);
  } catch (error) {
    messages.close();
    throw error;
  }
}

async function handshake(
  gateway: Gateway,
  messages: Messages,
  { user, desktop, prove, trust }: Wanted,
): Promise<Established> {
  const mode = 'pin' in trust ? 'open' : 'pair';
  const nonce = randomBytes(32);
  const ecdh = createECDH('prime256v1');
  const share = ecdh.generateKeys();
  const kem = ml_kem768.keygen();
  const kemKey = Buffer.from(kem.publicKey);
  const digest = sha256(Buffer.concat([Buffer.of(VERSION, P256, MODE[mode]), nonce, share, kemKey]));

  const opening = await gateway.askToOpen(desktop, mode, digest);
  messages.send(JSON.stringify({ type: 'ticket', ticket: opening.ticket }));
  const paired = await messages.next();
  if (paired !== JSON.stringify({ type: 'paired', session: opening.session })) throw new Error(`not paired: ${paired}`);

  const session = Buffer.from(opening.session, 'hex');
  const hello = Buffer.concat([
    Buffer.of(1, VERSION, P256, MODE[mode]),
    ...[session, number(opening.epoch, 4), text(opening.municipality), text(opening.desktop)],
    ...[nonce, vector(share), kemKey, number(0, 8), text(opening.grant)],
  ]);
  messages.send(Buffer.concat([header(HANDSHAKE, 0), hello]));

  const answerRecord = await messages.nextRecord();
  if (!answerRecord.subarray(0, 8).equals(header(HANDSHAKE, 0))) throw new Error('no answer');
  const answer = answerRecord.subarray(8);
  if (answer.length !== 1 + 32 + 2 + 65 + 1088 + 8 || answer.readUInt8(0) !== 2 || answer.readUInt16BE(33) !== 65) {
    throw new Error('not an answer');
  }
  const shared = handshakeSecret(
    'code' in trust ? pairingSecret(trust.code) : null,
    Buffer.from(ml_kem768.decapsulate(answer.subarray(100, 1188), kem.secretKey)),
    ecdh.computeSecret(answer.subarray(35, 100)),
  );

  const transcript = new Transcript();
  transcript.add(hello);
  const afterAnswer = transcript.add(answer);
  const [clientTraffic, agentTraffic] = [
    trafficSecret(shared, 'c hs', afterAnswer),
    trafficSecret(shared, 'a hs', afterAnswer),
  ];
  const inward: Sealing = { key: trafficKey(clientTraffic), session, direction: INWARD };
  const outward: Sealing = { key: trafficKey(agentTraffic), session, direction: OUTWARD };

  const identity = open(outward, 1, await messages.nextRecord()).plaintext;
  if (identity.length !== 162 || identity.readUInt8(0) !== 3) throw new Error('not an identity');
  const [agentKey, signature, theirs] = [identity.subarray(1, 66), identity.subarray(66, 130), identity.subarray(130)];
  if ('pin' in trust && !agentKey.equals(trust.pin)) throw new Error('another agent');
  const afterKey = transcript.add(agentKey);
  if (!verifyTranscript(agentKey, signature, 'tw/agent/1', afterKey)) throw new Error('the agent did not sign');
  if (!finished(agentTraffic, transcript.add(signature)).equals(theirs)) throw new Error('Finished is wrong');
  transcript.add(theirs);

  const afterUser = transcript.add(Buffer.from(user, 'utf8'));
  const element = prove(mode, afterUser);
  const mine = finished(clientTraffic, transcript.add(element));
  const proof = Buffer.concat([Buffer.of(4), text(user), vector(element), mine]);
  messages.send(seal(inward, HANDSHAKE, 1, proof));
  const afterFinished = transcript.add(mine);

  const main = mainSecret(shared);
  return {
    messages,
    session,
    agentKey,
    ready: readReady(open(outward, 2, await messages.nextRecord()).plaintext),
    inward: trafficSecret(main, 'c ap', afterFinished),
    outward: trafficSecret(main, 'a ap', afterFinished),
  };
}

function readReady(message: Buffer): Ready {
  if (message.readUInt8(0) !== 5 || message.length !== 15) throw new Error(`refused: ${message.toString('hex')}`);
  return {
    width: message.readUInt16BE(1),
    height: message.readUInt16BE(3),
    idleSeconds: message.readUInt32BE(5),
    overallSeconds: message.readUInt32BE(9),
    inputPerSecond: message.readUInt16BE(13),
  };
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function pairingSecret(code: string): Buffer {
  const digits = [...code.replaceAll('-', '')];
  return number(
    digits.reduce((value, digit) => value * 32n + BigInt(CROCKFORD.indexOf(digit)), 0n),
    10,
  );
}
