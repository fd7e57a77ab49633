// The handshake, both roles, in the order of the messages. The core of TLS 1.3 (RFC 8446 §§4.4, 7.1) with a hybrid key
// exchange: the agent proves the key the client has pinned, the client proves a key the agent has paired, and in pair
// mode both prove the pairing code instead, which is the PSK and never sent. Nothing falls back; a failure is the end.
//
//   client                                                      agent
//   makeShares → ClientShares
//   .hello ─────────────── hello (clear) ─────────────────────▶ readHello → Hello        nothing is verified yet
//                                                                answerHello
//   ExpectAnswer ◀──────── answer (clear) ─────────────────────
//   ExpectIdentity ◀────── identity {key, signature, Finished} ─ ExpectProof
//   AgentVerified          (pinned key: T03, T04)
//   .prove ─────────────── proof {user, element, Finished} ────▶ UserVerified             (paired key: T04, T12)
//   ExpectReady ◀───────── ready, or refused {code} ──────────── .ready → Established
//   Established
//
// One class a state; each works once, and what a failed step leaves behind is no state to go on from. Only the verifying
// step can make AgentVerified and UserVerified, and only they lead to Established.
import { type Bytes, equal, utf8 } from '../bytes.ts';
import { type Code, Refusal } from '../codes.ts';
import { Direction, Lane } from '../lanes.ts';
import { agree, checkFinished, type Handshake } from './agreement.ts';
import type { Cipher, EcdhPair, KemPair, SigningKey } from './cipher.ts';
import { type Established, establish } from './established.ts';
import { clearBody, clearRecord, sealedBody } from './handshake-records.ts';
import { finishedMac } from './keys.ts';
import {
  decodeAnswer,
  decodeHello,
  decodeIdentity,
  decodeProof,
  decodeVerdict,
  encodeAnswer,
  encodeHello,
  encodeIdentity,
  encodeProof,
  encodeVerdict,
  type HelloFields,
  type Mode,
  type OpenParameters,
  type Ready,
  type Shares,
  sharesDigest,
  type Verdict,
} from './messages.ts';
import { Once } from './once.ts';
import { makeProof, type Paired, type ProvenKey, type Prover, verifyProof } from './proof.ts';
import { decodeProofElement, encodeProofElement } from './proof-element.ts';
import type { RecordKey } from './records.ts';
import { SECRET_BYTES, SUITES, type Suite } from './suites.ts';
import { signatureInput, Transcript } from './transcript.ts';

export type { Established } from './established.ts';
export type { Mode, OpenParameters, Ready } from './messages.ts';

/** Each side's sequence runs on over all its records, clear and sealed. */
const HELLO = 0;
const PROOF = 1;
const ANSWER = 0;
const IDENTITY = 1;
const VERDICT = 2;

/** The agent said no, under the seal: unlike a relay's close this is authentic. */
export class RefusedByAgent extends Error {
  readonly code: Code;

  constructor(code: Code) {
    super(`the agent refused: ${code}`);
    this.code = code;
  }
}

// ---- client: shares, hello

interface ClientStart {
  cipher: Cipher;
  shares: Shares;
  ecdh: EcdhPair;
  kem: KemPair;
  psk: Bytes | null;
}

/**
 * Fresh key shares; their digest goes into the grant before the hello can be sent.
 * @param psk the pairing code's 10 bytes, in pair mode and only there
 */
export async function makeShares(cipher: Cipher, suite: Suite, mode: Mode, psk?: Bytes): Promise<ClientShares> {
  checkPsk(mode, psk);
  const [ecdh, kem] = await Promise.all([cipher.ecdh(SUITES[suite].curve), cipher.kem()]);
  const { share } = ecdh;
  const { encapsulationKey } = kem;
  const shares: Shares = { suite, mode, nonce: cipher.random(SECRET_BYTES), share, encapsulationKey };
  return new ClientShares({ cipher, shares, ecdh, kem, psk: psk ?? null }, await sharesDigest(cipher, shares));
}

export class ClientShares {
  /** SHA-256 over the shares, 32 bytes: what the grant names. */
  readonly digest: Bytes;
  readonly #start: Once<ClientStart>;

  constructor(start: ClientStart, digest: Bytes) {
    this.#start = new Once(start);
    this.digest = digest;
  }

  async hello(parameters: OpenParameters): Promise<{ record: Bytes; next: ExpectAnswer }> {
    const start = this.#start.take();
    // The shares come last: whatever else a gateway's answer held, it cannot replace them (T04)
    const hello = { ...parameters, ...start.shares };
    const body = encodeHello(hello);
    return { record: clearRecord(HELLO, body), next: new ExpectAnswer(start, hello, body) };
  }
}

// ---- agent: hello, answer, identity

/** A hello as it came. Nothing of it is verified, and answering it verifies nothing: see ExpectProof. */
export interface Hello extends HelloFields {
  /** The complete message, for the transcript. */
  readonly body: Bytes;
  /** @returns what the grant must name, 32 bytes */
  digest(cipher: Cipher): Promise<Bytes>;
}

/** @throws MALFORMED, RECORD_SIZE, RECORD_OUT_OF_ORDER, MESSAGE_UNEXPECTED, SUITE_UNKNOWN, MODE_UNKNOWN, KEY_SHARE_INVALID */
export function readHello(record: Uint8Array): Hello {
  const body = clearBody(record, HELLO);
  const fields = decodeHello(body);
  return { ...fields, body, digest: async (cipher) => sharesDigest(cipher, fields) };
}

/**
 * Answers a hello whose grant holds.
 * @param psk the pairing code's 10 bytes, in pair mode and only there; its try is spent already
 * @throws KEY_SHARE_INVALID
 */
export async function answerHello(
  cipher: Cipher,
  hello: Hello,
  agentKey: SigningKey,
  psk?: Bytes,
): Promise<{ records: [Bytes, Bytes]; next: ExpectProof }> {
  checkPsk(hello.mode, psk);
  const ecdh = await cipher.ecdh(SUITES[hello.suite].curve);
  const agreed = await ecdh.agree(hello.share);
  const { ciphertext, secret } = await cipher.encapsulate(hello.encapsulationKey);
  const nonce = cipher.random(SECRET_BYTES);
  const answer = encodeAnswer({ nonce, share: ecdh.share, ciphertext, lastReceived: 0 });
  const transcript = new Transcript(cipher).with(hello.body).with(answer);
  const handshake = await agree(cipher, hello, psk ?? null, { kem: secret, ecdh: agreed }, transcript);

  const toKey = handshake.transcript.with(agentKey.publicKey);
  const signature = await agentKey.sign(await signatureInput('tw/agent/1', toKey));
  const toSignature = toKey.with(signature);
  const finished = await finishedMac(cipher, handshake.secrets.agent, await toSignature.hash());
  const identity = encodeIdentity({ agentKey: agentKey.publicKey, signature, finished });
  return {
    records: [clearRecord(ANSWER, answer), await handshake.outward.seal(Lane.handshake, IDENTITY, identity)],
    next: new ExpectProof({ ...handshake, transcript: toSignature.with(finished) }),
  };
}

// ---- client: answer, identity, proof

export class ExpectAnswer {
  readonly #state: Once<{ start: ClientStart; hello: HelloFields; body: Bytes }>;

  constructor(start: ClientStart, hello: HelloFields, body: Bytes) {
    this.#state = new Once({ start, hello, body });
  }

  /** @throws MALFORMED, RECORD_SIZE, RECORD_OUT_OF_ORDER, MESSAGE_UNEXPECTED, KEY_SHARE_INVALID */
  async handle(record: Uint8Array): Promise<ExpectIdentity> {
    const { start, hello, body } = this.#state.take();
    const answerBody = clearBody(record, ANSWER);
    const answer = decodeAnswer(answerBody, hello.suite);
    const ecdh = await start.ecdh.agree(answer.share);
    const kem = await start.kem.decapsulate(answer.ciphertext);
    const transcript = new Transcript(start.cipher).with(body).with(answerBody);
    return new ExpectIdentity(await agree(start.cipher, hello, start.psk, { kem, ecdh }, transcript));
  }
}

export class ExpectIdentity {
  readonly #handshake: Once<Handshake>;

  constructor(handshake: Handshake) {
    this.#handshake = new Once(handshake);
  }

  /**
   * @param pin the agent's public key, 65 bytes; 'pairing' where the code alone must prove the agent, in pair mode only
   * @throws RECORD_FORGED (in pair mode also for another code), AGENT_KEY_UNPINNED, AGENT_KEY_OTHER, AGENT_SIGNATURE,
   * FINISHED_WRONG, MALFORMED, RECORD_SIZE, RECORD_OUT_OF_ORDER, MESSAGE_UNEXPECTED
   */
  async handle(record: Uint8Array, pin: Bytes | 'pairing'): Promise<AgentVerified> {
    const handshake = this.#handshake.take();
    const { cipher, hello, secrets, transcript } = handshake;
    if (pin === 'pairing' && hello.mode !== 'pair') throw new Refusal('AGENT_KEY_UNPINNED');
    const { agentKey, signature, finished } = decodeIdentity(await sealedBody(handshake.outward, record, IDENTITY));
    if (pin !== 'pairing' && !equal(pin, agentKey)) throw new Refusal('AGENT_KEY_OTHER');
    const toKey = transcript.with(agentKey);
    if (!(await cipher.verify(agentKey, signature, await signatureInput('tw/agent/1', toKey)))) {
      throw new Refusal('AGENT_SIGNATURE');
    }
    const toSignature = toKey.with(signature);
    await checkFinished(cipher, secrets.agent, toSignature, finished);
    return agentVerified({ ...handshake, transcript: toSignature.with(finished) }, agentKey);
  }
}

let agentVerified: (handshake: Handshake, agentKey: Bytes) => AgentVerified;

/** The agent at the other end holds the pinned key, or the pairing code. Only ExpectIdentity can make one. */
export class AgentVerified {
  /** 65 bytes; in pair mode the key to pin from now on. */
  readonly agentKey: Bytes;
  readonly #handshake: Once<Handshake>;

  private constructor(handshake: Handshake, agentKey: Bytes) {
    this.#handshake = new Once(handshake);
    this.agentKey = agentKey;
  }

  static {
    agentVerified = (handshake, agentKey) => new AgentVerified(handshake, agentKey);
  }

  /**
   * @param user id, as in the grant
   * @param prover with the paired key; in pair mode with the key to pair
   * @param knownId the paired passkey's, if this client knows it
   * @returns with the id of the passkey that has proven the user, or was made
   * @throws PROOF_NOT_GIVEN if the person or the authenticator declined
   */
  async prove(user: string, prover: Prover, knownId: Bytes | null = null): Promise<Proving> {
    const handshake = this.#handshake.take();
    const { cipher, hello, secrets, transcript, inward } = handshake;
    const toUser = transcript.with(utf8(user));
    const who = { user, credentialId: knownId };
    const { element: made, credentialId } = await makeProof(cipher, hello.mode, prover, who, toUser);
    const element = encodeProofElement(made);
    const toProof = toUser.with(element);
    const finished = await finishedMac(cipher, secrets.client, await toProof.hash());
    const record = await inward.seal(Lane.handshake, PROOF, encodeProof({ user, element, finished }));
    return { record, next: new ExpectReady({ ...handshake, transcript: toProof.with(finished) }), credentialId };
  }
}

export interface Proving {
  record: Bytes;
  next: ExpectReady;
  /** null of a device key */
  credentialId: Bytes | null;
}

// ---- agent: proof, ready or refused

/** The right to send the last record of the lane; whoever takes it, takes the nonce with it. */
type LastWord = Once<{ key: RecordKey }>;

const say = async (word: LastWord, verdict: Verdict): Promise<Bytes> =>
  word.take().key.seal(Lane.handshake, VERDICT, encodeVerdict(verdict));

export class ExpectProof {
  readonly #handshake: Once<Handshake>;
  readonly #word: LastWord;

  constructor(handshake: Handshake) {
    this.#handshake = new Once(handshake);
    this.#word = new Once({ key: handshake.outward });
  }

  /**
   * @param expected the grant's user, and what is paired for that user and desktop
   * @throws RECORD_FORGED, GRANT_MISMATCH for another user, FINISHED_WRONG, MALFORMED, RECORD_SIZE, RECORD_OUT_OF_ORDER,
   * MESSAGE_UNEXPECTED, and as verifyProof
   */
  async handle(record: Uint8Array, expected: Paired & { user: string }): Promise<UserVerified> {
    const handshake = this.#handshake.take();
    const { cipher, hello, secrets, transcript } = handshake;
    const { user, element, finished } = decodeProof(await sealedBody(handshake.inward, record, PROOF));
    if (user !== expected.user) throw new Refusal('GRANT_MISMATCH', 'the user of the proof');
    const toUser = transcript.with(utf8(user));
    const key = await verifyProof(cipher, decodeProofElement(element, hello.mode), expected, toUser);
    const toProof = toUser.with(element);
    await checkFinished(cipher, secrets.client, toProof, finished);
    return userVerified({ ...handshake, transcript: toProof.with(finished) }, this.#word, { user, key });
  }

  /** A sealed refusal; also after `handle` has thrown. @throws MESSAGE_UNEXPECTED if the last word is spoken */
  refuse(code: Code): Promise<Bytes> {
    return say(this.#word, { refused: code });
  }
}

let userVerified: (handshake: Handshake, word: LastWord, who: { user: string; key: ProvenKey }) => UserVerified;

/** The user at the other end holds a paired key, or the pairing code. Only ExpectProof can make one. */
export class UserVerified {
  readonly user: string;
  /** The key that signed; in pair mode the key to pair from now on. */
  readonly key: ProvenKey;
  readonly #handshake: Once<Handshake>;
  readonly #word: LastWord;

  private constructor(handshake: Handshake, word: LastWord, who: { user: string; key: ProvenKey }) {
    this.#handshake = new Once(handshake);
    this.#word = word;
    this.user = who.user;
    this.key = who.key;
  }

  static {
    userVerified = (handshake, word, who) => new UserVerified(handshake, word, who);
  }

  async ready(ready: Ready): Promise<{ record: Bytes; established: Established }> {
    const record = await say(this.#word, { ready });
    return { record, established: await establish(this.#handshake.take(), Direction.outward) };
  }

  /** @throws MESSAGE_UNEXPECTED if the last word is spoken */
  refuse(code: Code): Promise<Bytes> {
    return say(this.#word, { refused: code });
  }
}

// ---- client: ready or refused

export class ExpectReady {
  readonly #handshake: Once<Handshake>;

  constructor(handshake: Handshake) {
    this.#handshake = new Once(handshake);
  }

  /** @throws RefusedByAgent, RECORD_FORGED, MALFORMED, RECORD_SIZE, RECORD_OUT_OF_ORDER, MESSAGE_UNEXPECTED */
  async handle(record: Uint8Array): Promise<{ ready: Ready; established: Established }> {
    const handshake = this.#handshake.take();
    const verdict = decodeVerdict(await sealedBody(handshake.outward, record, VERDICT));
    if ('refused' in verdict) throw new RefusedByAgent(verdict.refused);
    return { ready: verdict.ready, established: await establish(handshake, Direction.inward) };
  }
}

/** A PSK where none belongs, or none where one does, is a fault of the caller, never of the peer. */
function checkPsk(mode: Mode, psk: Bytes | undefined): void {
  if ((mode === 'pair') !== (psk !== undefined))
    throw new TypeError('a pairing code belongs to pair mode, and only there');
}
