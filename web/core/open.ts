// Opening a desktop, from key shares to the agent's "ready", in the order of session.md: shares → ticket and grant →
// WebSocket → paired → hello → answer, identity → proof → ready. Nothing falls back: any failure ends the attempt.
import type { Bytes } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { Cipher } from '#protocol/inner/cipher.ts';
import { type Established, makeShares, type Ready } from '#protocol/inner/handshake.ts';
import { parsePairingCode } from '#protocol/inner/pairing-code.ts';
import type { Prover } from '#protocol/inner/proof.ts';
import type { Suite } from '#protocol/inner/suites.ts';
import { OPENING_MAX_MS, PROOF_MAX_MS } from '#protocol/limits.ts';
import { type DataSocket, Inbox } from '#protocol/outer/data-socket.ts';
import { parsePairedMessage } from '#protocol/outer/ticket.ts';
import { askToOpen, type Request } from './gateway-api.ts';

export type { PasskeyProver, Prover } from '#protocol/inner/proof.ts';

/** What an opening needs from outside: the two ways to the gateway, cryptography, and a timer. */
export interface Surroundings {
  request: Request;
  dial(): Promise<DataSocket>;
  /** The sign-in of a page of another origin, whose requests carry no cookie; null where there is one. */
  token?(): string | null;
  cipher: Cipher;
  /** Calls back after `ms`; returns how to call it off. */
  after(ms: number, callback: () => void): () => void;
  /** Monotonic milliseconds. */
  now(): number;
}

export interface Opening {
  suite: Suite;
  user: string;
  desktop: string;
  prover: Prover;
}

/** What pairing has taught this client, to be kept for every opening of the desktop. */
export interface Pinned {
  /** of the agent, 65 bytes */
  agentKey: Bytes;
  /** Of the passkey paired there, null of a device key. Only this client and the agent know it. */
  credentialId: Bytes | null;
}

/** An end-to-end session whose agent is verified; nobody on the path holds its keys. */
export interface OpenedSession {
  socket: DataSocket;
  inbox: Inbox;
  ready: Ready;
  established: Established;
  /** 65 bytes */
  agentKey: Bytes;
  /** Of the passkey that has proven the user, or that was made. */
  credentialId: Bytes | null;
  /** When the client's certificate runs out, by `now` of the surroundings; Infinity if the gateway did not say. */
  certificateEndsAt: number;
}

/**
 * Opens a desktop whose agent key is pinned.
 * @param pinned from pairing, or with the key typed at the office PC
 * @throws PROOF_NOT_GIVEN if the passkey's owner declined, RefusedByGateway, ClosedByRelay, RefusedByAgent, AGENT_KEY_OTHER, AGENT_SIGNATURE and every other handshake reason
 */
export const openDesktop = (around: Surroundings, opening: Opening, pinned: Pinned): Promise<OpenedSession> =>
  open(around, opening, { pinned });

/**
 * Pairs this device with the agent of a desktop; the code is the PSK and never sent (T12). The pairing's own session is
 * over when this resolves, so that the desktop is free to be opened.
 * @returns what to pin from now on
 * @throws PAIRING_CODE_WRONG when the agent does not hold the same code, and as openDesktop
 */
export async function pairDevice(around: Surroundings, opening: Opening, code: string): Promise<Pinned> {
  const { socket, inbox, agentKey, credentialId } = await open(around, opening, { code });
  const tooLong = around.after(OPENING_MAX_MS, () => socket.close('ENDED'));
  await new Promise<void>((closed) => {
    const nothingMore = () => socket.close('PROTOCOL_ERROR');
    inbox.handOver({ text: nothingMore, record: nothingMore, closed: () => closed() });
  });
  tooLong();
  return { agentKey, credentialId };
}

async function open(
  around: Surroundings,
  opening: Opening,
  trust: { pinned: Pinned } | { code: string },
): Promise<OpenedSession> {
  const pairing = 'code' in trust;
  const mode = pairing ? 'pair' : 'open';
  const psk = pairing ? parsePairingCode(trust.code) : undefined;
  const shares = await makeShares(around.cipher, opening.suite, mode, psk);
  const asked = await askToOpen(around.request, opening.desktop, mode, shares.digest);
  const { ticket, certificateSeconds = Number.POSITIVE_INFINITY, ...parameters } = asked;
  const certificateEndsAt = around.now() + certificateSeconds * 1000;
  if (parameters.desktop !== opening.desktop) throw new Refusal('GRANT_OTHER_DESKTOP');

  const socket = await around.dial();
  let late = false;
  let cancel = () => {};
  const giveUpAfter = (ms: number) => {
    cancel();
    cancel = around.after(ms, () => {
      late = true;
      socket.close('TOOK_TOO_LONG');
    });
  };
  try {
    giveUpAfter(OPENING_MAX_MS);
    const inbox = new Inbox(socket);
    const token = around.token?.() ?? null;
    socket.sendText(JSON.stringify({ type: 'ticket', ticket, ...(token === null ? {} : { token }) }));
    const paired = parsePairedMessage(await inbox.nextText());
    if (paired.session !== parameters.session) throw new Refusal('MESSAGE_UNEXPECTED', 'paired for another session');

    const hello = await shares.hello({ ...parameters, lastReceived: 0 });
    socket.sendRecord(hello.record);
    const expectIdentity = await hello.next.handle(await inbox.nextRecord());
    const identity = await inbox.nextRecord();
    const agent = await expectIdentity.handle(identity, pairing ? 'pairing' : trust.pinned.agentKey).catch((error) => {
      // Without the code there are no handshake keys, so a wrong code shows as a record that does not open.
      if (pairing && error instanceof Refusal && error.reason === 'RECORD_FORGED') {
        throw new Refusal('PAIRING_CODE_WRONG');
      }
      throw error;
    });

    const verdict = inbox.nextRecord();
    // A person has to find the passkey now.
    giveUpAfter(PROOF_MAX_MS);
    const proving = agent.prove(opening.user, opening.prover, pairing ? null : trust.pinned.credentialId);
    const proof = await Promise.race([proving, tooEarly(verdict)]);
    socket.sendRecord(proof.record);
    giveUpAfter(OPENING_MAX_MS);
    const { ready, established } = await proof.next.handle(await verdict);
    const { agentKey } = agent;
    return { socket, inbox, ready, established, agentKey, credentialId: proof.credentialId, certificateEndsAt };
  } catch (error) {
    socket.close(error instanceof Refusal ? error.code : 'ENDED');
    // What this end found must not look as if a relay had said it.
    throw late ? new Refusal('HANDSHAKE_TIMED_OUT') : error;
  } finally {
    cancel();
  }
}

/** Whoever closes while the person is asked need not be waited for. @throws ClosedByRelay, MESSAGE_UNEXPECTED */
async function tooEarly(verdict: Promise<Uint8Array>): Promise<never> {
  await verdict;
  throw new Refusal('MESSAGE_UNEXPECTED', 'a verdict before the proof');
}
