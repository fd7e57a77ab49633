// The bytes of the handshake's messages. Big endian; a vector has a u16 length in front. Nothing here verifies anything
// but shape. "Clear" is the record after its header; "sealed" is what comes out of the seal.
//
//   client  0  clear   hello      1  version u8, suite u8, mode u8, session 16, epoch u32, municipality vector,
//                                    desktop vector, nonce 32, ECDH share vector, ML-KEM key 1184, lastReceived u64,
//                                    grant vector
//   agent   0  clear   answer     2  nonce 32, ECDH share vector, ML-KEM ciphertext 1088, lastReceived u64
//   agent   1  sealed  identity   3  agent key 65, signature 64, Finished 32
//   client  1  sealed  proof      4  user vector, proof vector, Finished 32
//   agent   2  sealed  ready      5  width u16, height u16, idle s u32, overall s u32, input per second u16
//                      refused    6  code u16
//
// The proof vector is the transcript's element (proof-element.ts). Mode 2 is kept for resume, and refused today.
import { type Bytes, concat, fromHex, Reader, toHex, Writer } from '../bytes.ts';
import { CODES, type Code, codeFromWire, Refusal } from '../codes.ts';
import { VERSION } from '../header.ts';
import { GRANT_MAX_BYTES, PROOF_ELEMENT_MAX_BYTES } from '../limits.ts';
import { DESKTOP, MUNICIPALITY, NAME } from '../names.ts';
import { type Cipher, checkShare } from './cipher.ts';
import type { MaybePromise } from './maybe-promise.ts';
import { SESSION_BYTES } from './records.ts';
import {
  CIPHERTEXT_BYTES,
  ENCAPSULATION_KEY_BYTES,
  PUBLIC_KEY_BYTES,
  SECRET_BYTES,
  SHARE_BYTES,
  SIGNATURE_BYTES,
  SUITES,
  type Suite,
  suiteFromWire,
} from './suites.ts';

const Message = { hello: 1, answer: 2, identity: 3, proof: 4, ready: 5, refused: 6 } as const;
const NONCE_BYTES = 32;
const MUNICIPALITY_BYTES = 6;
const DESKTOP_MAX_BYTES = 72;
const USER_MAX_BYTES = 32;
/** A compact JWS: three parts of base64url. */
const GRANT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** open: with a paired key. pair: with a pairing code, to learn the keys. */
export type Mode = 'open' | 'pair';
const MODES: Readonly<Record<Mode, number>> = { open: 0, pair: 1 };

/** The part of a hello that the grant names by its digest. */
export interface Shares {
  suite: Suite;
  mode: Mode;
  /** 32 bytes */
  nonce: Bytes;
  /** 65 or 32 bytes */
  share: Bytes;
  /** 1184 bytes */
  encapsulationKey: Bytes;
}

export interface OpenParameters {
  /** 32 hex digits */
  session: string;
  epoch: number;
  municipality: string;
  desktop: string;
  /** a JWS of at most GRANT_MAX_BYTES */
  grant: string;
  /** the last in-order sequence received in the old epoch; 0 unless resuming */
  lastReceived: number;
}

export type HelloFields = Shares & OpenParameters;

/** @returns SHA-256(version ‖ suite ‖ mode ‖ nonce ‖ ECDH share ‖ ML-KEM key), 32 bytes */
export function sharesDigest(cipher: Cipher, shares: Shares): MaybePromise<Bytes> {
  const { suite, mode, nonce, share, encapsulationKey } = shares;
  return cipher.sha256(concat(Uint8Array.of(VERSION, suite, MODES[mode]), nonce, share, encapsulationKey));
}

export function encodeHello(hello: HelloFields): Bytes {
  return new Writer()
    .u8(Message.hello)
    .u8(VERSION)
    .u8(hello.suite)
    .u8(MODES[hello.mode])
    .bytes(fromHex(hello.session, SESSION_BYTES))
    .u32(hello.epoch)
    .text(hello.municipality)
    .text(hello.desktop)
    .bytes(hello.nonce)
    .vector(hello.share)
    .bytes(hello.encapsulationKey)
    .u64(hello.lastReceived)
    .text(hello.grant)
    .done();
}

/** @throws MALFORMED, SUITE_UNKNOWN, MODE_UNKNOWN, KEY_SHARE_INVALID for a share of the wrong shape */
export function decodeHello(body: Bytes): HelloFields {
  const reader = begin(body, Message.hello, 'hello');
  const version = reader.u8();
  if (version !== VERSION) throw new Refusal('MALFORMED', `hello: version ${version}`);
  const suite = suiteFromWire(reader.u8());
  if (suite === null) throw new Refusal('SUITE_UNKNOWN');
  const mode = modeFromWire(reader.u8());
  if (mode === null) throw new Refusal('MODE_UNKNOWN');
  const session = toHex(reader.bytes(SESSION_BYTES));
  const epoch = reader.u32();
  const municipality = shaped(reader.text(MUNICIPALITY_BYTES), MUNICIPALITY, 'municipality');
  const desktop = shaped(reader.text(DESKTOP_MAX_BYTES), DESKTOP, 'desktop');
  const nonce = reader.bytes(NONCE_BYTES);
  const share = readShare(reader, suite);
  const encapsulationKey = reader.bytes(ENCAPSULATION_KEY_BYTES);
  const lastReceived = nothingReceived(reader.u64());
  const grant = shaped(reader.text(GRANT_MAX_BYTES), GRANT, 'grant');
  reader.end();
  return { suite, mode, session, epoch, municipality, desktop, nonce, share, encapsulationKey, lastReceived, grant };
}

export interface Answer {
  nonce: Bytes;
  share: Bytes;
  /** 1088 bytes */
  ciphertext: Bytes;
  lastReceived: number;
}

export function encodeAnswer(answer: Answer): Bytes {
  return new Writer()
    .u8(Message.answer)
    .bytes(answer.nonce)
    .vector(answer.share)
    .bytes(answer.ciphertext)
    .u64(answer.lastReceived)
    .done();
}

/** @throws MALFORMED, KEY_SHARE_INVALID for a share of the wrong shape */
export function decodeAnswer(body: Bytes, suite: Suite): Answer {
  const reader = begin(body, Message.answer, 'answer');
  const nonce = reader.bytes(NONCE_BYTES);
  const share = readShare(reader, suite);
  const ciphertext = reader.bytes(CIPHERTEXT_BYTES);
  const lastReceived = nothingReceived(reader.u64());
  reader.end();
  return { nonce, share, ciphertext, lastReceived };
}

export interface Identity {
  agentKey: Bytes;
  signature: Bytes;
  finished: Bytes;
}

export function encodeIdentity(identity: Identity): Bytes {
  return concat(Uint8Array.of(Message.identity), identity.agentKey, identity.signature, identity.finished);
}

/** @throws MALFORMED */
export function decodeIdentity(body: Bytes): Identity {
  const reader = begin(body, Message.identity, 'identity');
  const agentKey = reader.bytes(PUBLIC_KEY_BYTES);
  const signature = reader.bytes(SIGNATURE_BYTES);
  const finished = reader.bytes(SECRET_BYTES);
  reader.end();
  return { agentKey, signature, finished };
}

export interface Proof {
  user: string;
  /** the whole element, as it stands in the transcript */
  element: Bytes;
  finished: Bytes;
}

export function encodeProof(proof: Proof): Bytes {
  return new Writer().u8(Message.proof).text(proof.user).vector(proof.element).bytes(proof.finished).done();
}

/** @throws MALFORMED */
export function decodeProof(body: Bytes): Proof {
  const reader = begin(body, Message.proof, 'proof');
  const user = shaped(reader.text(USER_MAX_BYTES), NAME, 'user');
  const element = reader.vector(PROOF_ELEMENT_MAX_BYTES);
  const finished = reader.bytes(SECRET_BYTES);
  reader.end();
  return { user, element, finished };
}

/** What the agent tells the client once both are verified. 0×0 in pair mode: there is no screen. */
export interface Ready {
  width: number;
  height: number;
  idleSeconds: number;
  overallSeconds: number;
  inputPerSecond: number;
}

/** A session that begins, or the code of a refusal. */
export type Verdict = { ready: Ready } | { refused: Code };

export function encodeVerdict(verdict: Verdict): Bytes {
  if ('refused' in verdict) return new Writer().u8(Message.refused).u16(CODES[verdict.refused].wire).done();
  const { width, height, idleSeconds, overallSeconds, inputPerSecond } = verdict.ready;
  const size = new Writer().u8(Message.ready).u16(width).u16(height);
  return size.u32(idleSeconds).u32(overallSeconds).u16(inputPerSecond).done();
}

/** @throws MALFORMED, also for a code that is not in the table */
export function decodeVerdict(body: Bytes): Verdict {
  if (body[0] === Message.refused) return { refused: refusedCode(begin(body, Message.refused, 'refused')) };
  const reader = begin(body, Message.ready, 'ready');
  const [width, height] = [reader.u16(), reader.u16()];
  const [idleSeconds, overallSeconds, inputPerSecond] = [reader.u32(), reader.u32(), reader.u16()];
  reader.end();
  return { ready: { width, height, idleSeconds, overallSeconds, inputPerSecond } };
}

function refusedCode(reader: Reader): Code {
  const code = codeFromWire(reader.u16());
  reader.end();
  if (code === null) throw new Refusal('MALFORMED', 'refused: code outside the table');
  return code;
}

function begin(body: Bytes, type: number, what: string): Reader {
  const reader = new Reader(body, what);
  const found = reader.u8();
  if (found !== type) throw new Refusal('MESSAGE_UNEXPECTED', `message ${found} where ${what} was due`);
  return reader;
}

function modeFromWire(value: number): Mode | null {
  if (value === MODES.open) return 'open';
  return value === MODES.pair ? 'pair' : null;
}

function readShare(reader: Reader, suite: Suite): Bytes {
  const { curve } = SUITES[suite];
  const share = reader.vector(SHARE_BYTES[curve]);
  checkShare(curve, share);
  return share;
}

/** Only a resume has an old epoch to speak of. */
function nothingReceived(lastReceived: number): number {
  if (lastReceived !== 0) throw new Refusal('MALFORMED', 'a received sequence without a resume');
  return lastReceived;
}

function shaped(value: string, shape: RegExp, what: string): string {
  if (!shape.test(value)) throw new Refusal('MALFORMED', `${what} is not well formed`);
  return value;
}
