// The session's cryptography a second time, straight from protocol/README.md: node:crypto and the noble package only,
// nothing of protocol/inner. From the fixed private inputs of a vector it computes everything that both ends must reach.
import {
  createCipheriv,
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  verify,
} from 'node:crypto';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';

/** Hex, all of it. Private halves are test values made from public text. */
export interface Inputs {
  suite: number;
  mode: number;
  psk: string | null;
  session: string;
  epoch: number;
  municipality: string;
  desktop: string;
  grant: string;
  user: string;
  client: { nonce: string; ecdhPrivate: string; kemSeed: string };
  agent: { nonce: string; ecdhPrivate: string; ciphertext: string; publicKey: string; signature: string };
  /** Of a passkey the signature is that of its assertion, in DER; none in pair mode. */
  device: { publicKey: string; signature: string };
  passkey?: { credentialId: string; authenticatorData: string; clientData: string };
  ready: { width: number; height: number; idleSeconds: number; overallSeconds: number; inputPerSecond: number };
}

export interface Outputs {
  helloDigest: string;
  sharedKem: string;
  sharedEcdh: string;
  transcript: {
    answer: string;
    agentKey: string;
    agentSignature: string;
    user: string;
    proof: string;
    clientFinished: string;
  };
  secrets: Record<'clientHandshake' | 'agentHandshake' | 'client' | 'agent' | 'exporter' | 'resumption', string>;
  keys: Record<'clientHandshake' | 'agentHandshake' | 'client' | 'agent' | 'agentNext', string>;
  records: Record<'hello' | 'answer' | 'identity' | 'proof' | 'ready', string>;
  /** Client, sequence 2, input lane: key "a" down. Agent, sequence 3, frame lane: 00 00 00 00. */
  firstInput: string;
  firstFrame: string;
  /** Agent, sequence 4, control lane: key-update; sequence 5, frame lane, under the next key: 02 (Bell). */
  keyUpdate: string;
  frameAfterKeyUpdate: string;
}

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();
const number = (value: number, length: number): Buffer => {
  const buffer = Buffer.alloc(length);
  if (length > 6) buffer.writeUIntBE(value, length - 6, 6);
  else buffer.writeUIntBE(value, 0, length);
  return buffer;
};
const vector = (data: Buffer): Buffer => Buffer.concat([number(data.length, 2), data]);
const text = (value: string): Buffer => Buffer.from(value, 'utf8');
const padded = (length: number, ...head: number[]): Buffer =>
  Buffer.concat([Buffer.from(head), Buffer.alloc(length - head.length)]);

/** RFC 2104 by hand, for keys of at most one block. */
function hmac(key: Buffer, data: Buffer): Buffer {
  const block = Buffer.concat([key, Buffer.alloc(64 - key.length)]);
  const pad = (value: number) => Buffer.from(block.map((byte) => byte ^ value));
  return sha256(Buffer.concat([pad(0x5c), sha256(Buffer.concat([pad(0x36), data]))]));
}

/** RFC 5869 §2.2 */
const extract = (salt: Buffer, material: Buffer): Buffer => hmac(salt, material);

function expandLabel(secret: Buffer, label: string, context: Buffer = Buffer.alloc(0)): Buffer {
  const name = text(`tw1 ${label}`);
  const info = Buffer.concat([number(32, 2), number(name.length, 1), name, number(context.length, 1), context]);
  return expand(secret, info);
}

/** RFC 5869 §2.3, one block. */
const expand = (secret: Buffer, info: Buffer): Buffer => hmac(secret, Buffer.concat([info, Buffer.from([1])]));

/** That the two halves above are HKDF: the whole of it from OpenSSL gives the same. */
export function hkdfAgrees(salt: Buffer, material: Buffer, info: Buffer): boolean {
  return expand(extract(salt, material), info).equals(Buffer.from(hkdfSync('sha256', material, salt, info, 32)));
}

function ecdh(suite: number, privateHex: string): { share: Buffer; agree(peer: Buffer): Buffer } {
  if (suite === 1) {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(bytes(privateHex));
    return { share: curve.getPublicKey(), agree: (peer) => curve.computeSecret(peer) };
  }
  const pkcs8 = Buffer.concat([bytes('302e020100300506032b656e04220420'), bytes(privateHex)]);
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const spki = bytes('302a300506032b656e032100');
  const raw = (key: Buffer) => createPublicKey({ key: Buffer.concat([spki, key]), format: 'der', type: 'spki' });
  return {
    share: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32),
    agree: (peer) => diffieHellman({ privateKey, publicKey: raw(peer) }),
  };
}

/** Of a P-256 key, up to its point. */
const SPKI = '3059301306072a8648ce3d020106082a8648ce3d030107034200';

function signedBy(publicHex: string, label: string, transcript: Buffer, signatureHex: string): boolean {
  const key = createPublicKey({ key: Buffer.concat([bytes(SPKI), bytes(publicHex)]), format: 'der', type: 'spki' });
  const input = Buffer.concat([Buffer.alloc(64, 0x20), text(label), Buffer.alloc(1), transcript]);
  return verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, bytes(signatureHex));
}

/** What stands in the transcript as the proof. @throws Error unless it proves the key over the transcript */
function proofElement({ mode, device, passkey }: Inputs, toUser: Buffer): Buffer {
  const label = mode === 1 ? 'tw/pair/1' : 'tw/proof/1';
  if (passkey) return passkeyElement(label, device, passkey, toUser);
  if (!signedBy(device.publicKey, label, toUser, device.signature)) throw new Error('device signature');
  return Buffer.concat(
    mode === 1
      ? [Buffer.from([3]), bytes(device.publicKey), bytes(device.signature)]
      : [Buffer.from([1]), bytes(device.signature)],
  );
}

function passkeyElement(
  label: string,
  device: Inputs['device'],
  passkey: NonNullable<Inputs['passkey']>,
  toUser: Buffer,
): Buffer {
  const [id, data, client] = [bytes(passkey.credentialId), bytes(passkey.authenticatorData), bytes(passkey.clientData)];
  const { type, challenge } = JSON.parse(client.toString());
  const input = Buffer.concat([Buffer.alloc(64, 0x20), text(label), Buffer.alloc(1), toUser]);
  if (challenge !== sha256(input).toString('base64url')) throw new Error('challenge');
  const pairing = label === 'tw/pair/1';
  if (type !== (pairing ? 'webauthn.create' : 'webauthn.get')) throw new Error('type');
  if (pairing) {
    const publicKey = bytes(device.publicKey);
    const cose = ['a5010203262001215820', publicKey.subarray(1, 33), '225820', publicKey.subarray(33)];
    const due = Buffer.concat([vector(id), ...cose.map((part) => (typeof part === 'string' ? bytes(part) : part))]);
    if (!data.subarray(37 + 16).equals(due)) throw new Error('new credential');
    return Buffer.concat([Buffer.from([4]), vector(data), vector(client)]);
  }
  const key = createPublicKey({
    key: Buffer.concat([bytes(SPKI), bytes(device.publicKey)]),
    format: 'der',
    type: 'spki',
  });
  const signature = bytes(device.signature);
  if (!verify('sha256', Buffer.concat([data, sha256(client)]), key, signature)) throw new Error('assertion');
  return Buffer.concat([Buffer.from([2]), vector(id), vector(data), vector(client), vector(signature)]);
}

/** @throws Error if a signature of the vector does not hold */
export function compute(inputs: Inputs): Outputs {
  const { suite, mode, client, agent } = inputs;
  const kem = ml_kem768.keygen(bytes(client.kemSeed));
  const clientEcdh = ecdh(suite, client.ecdhPrivate);
  const agentEcdh = ecdh(suite, agent.ecdhPrivate);
  const encapsulationKey = Buffer.from(kem.publicKey);

  const shares = [bytes(client.nonce), clientEcdh.share, encapsulationKey];
  const helloDigest = sha256(Buffer.concat([Buffer.from([1, suite, mode]), ...shares]));
  const hello = Buffer.concat([
    Buffer.from([1, 1, suite, mode]),
    bytes(inputs.session),
    number(inputs.epoch, 4),
    vector(text(inputs.municipality)),
    vector(text(inputs.desktop)),
    bytes(client.nonce),
    vector(clientEcdh.share),
    encapsulationKey,
    number(0, 8),
    vector(text(inputs.grant)),
  ]);
  const ciphertext = bytes(agent.ciphertext);
  const answer = Buffer.concat([
    Buffer.from([2]),
    bytes(agent.nonce),
    vector(agentEcdh.share),
    ciphertext,
    number(0, 8),
  ]);

  const sharedKem = Buffer.from(ml_kem768.decapsulate(ciphertext, kem.secretKey));
  const sharedEcdh = clientEcdh.agree(agentEcdh.share);
  if (!sharedEcdh.equals(agentEcdh.agree(clientEcdh.share))) throw new Error('the two ECDH results differ');

  const said: Buffer[] = [];
  const say = (element: Buffer): Buffer => {
    said.push(number(element.length, 4), element);
    return sha256(Buffer.concat(said));
  };
  say(hello);
  const toAnswer = say(answer);

  const zero = Buffer.alloc(32);
  const nothing = sha256(Buffer.alloc(0));
  const early = extract(zero, inputs.psk === null ? zero : bytes(inputs.psk));
  const handshake = extract(expandLabel(early, 'derived', nothing), Buffer.concat([sharedKem, sharedEcdh]));
  const clientHandshake = expandLabel(handshake, 'c hs', toAnswer);
  const agentHandshake = expandLabel(handshake, 'a hs', toAnswer);

  const toAgentKey = say(bytes(agent.publicKey));
  if (!signedBy(agent.publicKey, 'tw/agent/1', toAgentKey, agent.signature)) throw new Error('agent signature');
  const toAgentSignature = say(bytes(agent.signature));
  const agentFinished = hmac(expandLabel(agentHandshake, 'finished'), toAgentSignature);
  say(agentFinished);
  const toUser = say(text(inputs.user));
  const element = proofElement(inputs, toUser);
  const toProof = say(element);
  const clientFinished = hmac(expandLabel(clientHandshake, 'finished'), toProof);
  const toClientFinished = say(clientFinished);

  const main = extract(expandLabel(handshake, 'derived', nothing), zero);
  const secrets = {
    clientHandshake,
    agentHandshake,
    client: expandLabel(main, 'c ap', toClientFinished),
    agent: expandLabel(main, 'a ap', toClientFinished),
    exporter: expandLabel(main, 'exp', toClientFinished),
    resumption: expandLabel(main, 'res', toClientFinished),
  };
  const keys = {
    clientHandshake: expandLabel(clientHandshake, 'key'),
    agentHandshake: expandLabel(agentHandshake, 'key'),
    client: expandLabel(secrets.client, 'key'),
    agent: expandLabel(secrets.agent, 'key'),
    agentNext: expandLabel(expandLabel(secrets.agent, 'next'), 'key'),
  };

  const header = (lane: number, sequence: number) => Buffer.concat([Buffer.from([1, lane]), number(sequence, 6)]);
  const sealed = (key: Buffer, direction: number, lane: number, sequence: number, plaintext: Buffer): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, Buffer.concat([Buffer.alloc(6), number(sequence, 6)]));
    const place = [Buffer.from([1]), bytes(inputs.session), number(inputs.epoch, 4)];
    cipher.setAAD(Buffer.concat([...place, Buffer.from([direction, lane]), number(sequence, 6)]));
    const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([header(lane, sequence), text, cipher.getAuthTag()]);
  };
  const identity = Buffer.concat([Buffer.from([3]), bytes(agent.publicKey), bytes(agent.signature), agentFinished]);
  const proof = Buffer.concat([Buffer.from([4]), vector(text(inputs.user)), vector(element), clientFinished]);
  const { width, height, idleSeconds, overallSeconds, inputPerSecond } = inputs.ready;
  const size = [Buffer.from([5]), number(width, 2), number(height, 2)];
  const ready = Buffer.concat([...size, number(idleSeconds, 4), number(overallSeconds, 4), number(inputPerSecond, 2)]);

  return hexed({
    helloDigest,
    sharedKem,
    sharedEcdh,
    transcript: {
      answer: toAnswer,
      agentKey: toAgentKey,
      agentSignature: toAgentSignature,
      user: toUser,
      proof: toProof,
      clientFinished: toClientFinished,
    },
    secrets,
    keys,
    records: {
      hello: Buffer.concat([header(1, 0), hello]),
      answer: Buffer.concat([header(1, 0), answer]),
      identity: sealed(keys.agentHandshake, 1, 1, 1, identity),
      proof: sealed(keys.clientHandshake, 0, 1, 1, proof),
      ready: sealed(keys.agentHandshake, 1, 1, 2, ready),
    },
    firstInput: sealed(keys.client, 0, 3, 2, padded(16, 4, 1, 0, 0, 0, 0, 0, 0x61)),
    firstFrame: sealed(keys.agent, 1, 2, 3, Buffer.alloc(4)),
    keyUpdate: sealed(keys.agent, 1, 4, 4, padded(32, 0xf0)),
    frameAfterKeyUpdate: sealed(keys.agentNext, 1, 2, 5, Buffer.from([2])),
  });
}

type Hexed<T> = T extends Uint8Array ? string : { [K in keyof T]: Hexed<T[K]> };

function hexed<T extends object>(value: T): Hexed<T> {
  const entries = Object.entries(value).map(([name, part]) => [
    name,
    part instanceof Uint8Array ? Buffer.from(part).toString('hex') : hexed(part as object),
  ]);
  return Object.fromEntries(entries) as Hexed<T>;
}
