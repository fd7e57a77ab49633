// From an offer to a verified user, in the order of session.md: offer → data link → paired → hello → answer, identity →
// proof. Nothing is attached to a desktop before the proof is verified, and whatever fails is audited and ends here.
import type { Audit } from '#platform/audit/chain.ts';
import type { Ration } from '#platform/audit/ration.ts';
import type { Bytes } from '#protocol/bytes.ts';
import { type Code, Refusal, refusalFrom } from '#protocol/codes.ts';
import type { Cipher, SigningKey } from '#protocol/inner/cipher.ts';
import { answerHello, type ExpectProof, readHello, type UserVerified } from '#protocol/inner/handshake.ts';
import type { WebAuthnPins } from '#protocol/inner/passkey.ts';
import { OPENING_MAX_MS, PROOF_MAX_MS } from '#protocol/limits.ts';
import { ClosedByRelay, type DataSocket, Inbox } from '#protocol/outer/data-socket.ts';
import { parsePairedMessage } from '#protocol/outer/ticket.ts';
import { type Admission, type Admitted, about } from './admission.ts';
import type { Pairings } from './pairings.ts';

export interface OpeningParts {
  admission: Admission;
  pairings: Pairings;
  audit: Audit;
  /** A hostile broker can make up as many offers as the link lets through (T03, T25). */
  refusedOffers: Ration;
  cipher: Cipher;
  identity: SigningKey;
  /** null: no passkey can be paired. */
  webauthn: WebAuthnPins | null;
  /** Dials the broker's data door. */
  dialData(): Promise<DataSocket>;
  /** True while somebody works at this desktop. */
  live(desktop: string): boolean;
}

/** What is told under the handshake keys: the client has verified the agent by then, and these say what to do. */
const TOLD_SEALED: ReadonlySet<Code> = new Set(['NOT_PAIRED', 'PASSKEY_REQUIRED', 'PASSKEY_PROOF_REFUSED']);

/** The user has proven the paired key, or the pairing code, over this very transcript. */
export interface Opened {
  admitted: Admitted;
  socket: DataSocket;
  inbox: Inbox;
  user: UserVerified;
}

/**
 * @param session the id in the broker's offer
 * @param jws the grant in it; nothing of it is verified yet
 * @throws Refusal after the data link, if there was one, is closed with its code
 */
export async function openForOffer(parts: OpeningParts, session: string, jws: string): Promise<Opened> {
  const admitted = await admit(parts, session, jws);
  let socket: DataSocket | null = null;
  try {
    socket = await dial(parts);
    return await within(socket, PROOF_MAX_MS, () => verifyUser(parts, admitted, socket as DataSocket));
  } catch (error) {
    admitted.done();
    const refusal = error instanceof ClosedByRelay ? new Refusal('PEER_GONE', error.code) : refusalFrom(error);
    socket?.close(refusal.code);
    const event = admitted.grant.mode === 'pair' ? 'pairing-refused' : 'handshake-refused';
    parts.audit.record(event, { ...about(admitted.grant), reason: refusal.reason, detail: refusal.detail });
    throw refusal;
  }
}

async function admit(
  { admission, audit, refusedOffers }: OpeningParts,
  session: string,
  jws: string,
): Promise<Admitted> {
  try {
    const admitted = await admission.offer(session, jws);
    audit.record('offer-accepted', { ...about(admitted.grant), mode: admitted.grant.mode });
    return admitted;
  } catch (error) {
    const { reason, detail } = refusalFrom(error);
    refusedOffers.spend((more) => audit.record('offer-refused', { session, reason, detail: `${detail}${more}` }));
    throw error;
  }
}

async function dial({ dialData }: OpeningParts): Promise<DataSocket> {
  try {
    return await dialData();
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal('BROKER_UNREACHABLE', refusalFrom(error).detail);
  }
}

async function verifyUser(parts: OpeningParts, admitted: Admitted, socket: DataSocket): Promise<Opened> {
  const { grant } = admitted;
  const inbox = new Inbox(socket);
  socket.sendText(JSON.stringify({ type: 'session', session: grant.session }));
  const paired = parsePairedMessage(await within(socket, OPENING_MAX_MS, () => inbox.nextText()));
  if (paired.session !== grant.session) throw new Refusal('MESSAGE_UNEXPECTED', 'paired for another session');

  const hello = readHello(await within(socket, OPENING_MAX_MS, () => inbox.nextRecord()));
  await parts.admission.hello(admitted, hello, parts.cipher);
  const psk = grant.mode === 'pair' ? await spendPairingTry(parts, admitted) : undefined;
  const { records, next } = await answerHello(parts.cipher, hello, parts.identity, psk);
  for (const record of records) socket.sendRecord(record);

  const proof = await inbox.nextRecord();
  const user = await verifyProof(parts, admitted, next, proof).catch(async (error) => {
    const refusal = refusalFrom(error);
    if (TOLD_SEALED.has(refusal.code)) socket.sendRecord(await next.refuse(refusal.code));
    throw refusal;
  });
  return { admitted, socket, inbox, user };
}

async function verifyProof(
  { pairings, webauthn }: OpeningParts,
  { grant: { sub, aud, mode } }: Admitted,
  next: ExpectProof,
  proof: Uint8Array,
): Promise<UserVerified> {
  if (mode === 'pair') return next.handle(proof, { user: sub, keys: [], webauthn });
  // Not before the proof is here: whoever waits with it must not outwait a revocation (T01).
  const keys = await pairings.keysOf(sub, aud);
  const user = await next.handle(proof, { user: sub, keys, webauthn });
  await pairings.noteUse(sub, aud, user.key);
  return user;
}

/** T12: a try is spent when the pair hello arrives, before the answer that a guesser would test its guess on. */
async function spendPairingTry(parts: OpeningParts, admitted: Admitted): Promise<Bytes> {
  const { grant } = admitted;
  if (parts.live(grant.aud)) throw new Refusal('PAIRING_WHILE_LIVE');
  const psk = await parts.pairings.spendTry(grant.sub, grant.aud);
  parts.audit.record('pairing-code-spent', about(grant));
  return psk;
}

async function within<T>(socket: DataSocket, ms: number, work: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Refusal('HANDSHAKE_TIMED_OUT'));
    socket.close('TOOK_TOO_LONG');
  }, ms);
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
