// Opening a desktop, from key shares to the agent's "ready", in the order of session.md: shares → ticket and grant →
// WebSocket → paired → hello → answer, identity → proof → ready. Nothing falls back: any failure ends the attempt.
import type { Bytes } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { Cipher, SigningKey } from '#protocol/inner/cipher.ts';
import { type Established, makeShares, type Ready } from '#protocol/inner/handshake.ts';
import { parsePairingCode } from '#protocol/inner/pairing-code.ts';
import type { Suite } from '#protocol/inner/suites.ts';
import { OPENING_MAX_MS } from '#protocol/limits.ts';
import { type DataSocket, Inbox } from '#protocol/outer/data-socket.ts';
import { parsePairedMessage } from '#protocol/outer/ticket.ts';
import { askToOpen, type Request } from './gateway-api.ts';

/** What an opening needs from outside: the two ways to the gateway, cryptography, and a timer. */
export interface Surroundings {
  request: Request;
  dial(): Promise<DataSocket>;
  /** In a page of another origin than the gateway's: the sign-in's token, which its WebSocket cannot carry otherwise. */
  token?(): string;
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
  deviceKey: SigningKey;
}

/** An end-to-end session whose agent is verified; nobody on the path holds its keys. */
export interface OpenedSession {
  socket: DataSocket;
  inbox: Inbox;
  ready: Ready;
  established: Established;
  /** 65 bytes */
  agentKey: Bytes;
}

/**
 * Opens a desktop whose agent key is pinned.
 * @param pin 65 bytes, from pairing or typed at the office PC
 * @throws RefusedByGateway, ClosedByRelay, RefusedByAgent, AGENT_KEY_OTHER, AGENT_SIGNATURE and every other handshake reason
 */
export const openDesktop = (around: Surroundings, opening: Opening, pin: Bytes): Promise<OpenedSession> =>
  open(around, opening, { pin });

/**
 * Pairs this device with the agent of a desktop; the code is the PSK and never sent (T12). The pairing's own session is
 * over when this resolves, so that the desktop is free to be opened.
 * @returns the agent's key to pin from now on, 65 bytes
 * @throws PAIRING_CODE_WRONG when the agent does not hold the same code, and as openDesktop
 */
export async function pairDevice(around: Surroundings, opening: Opening, code: string): Promise<Bytes> {
  const { socket, inbox, agentKey } = await open(around, opening, { code });
  const tooLong = around.after(OPENING_MAX_MS, () => socket.close('ENDED'));
  await new Promise<void>((closed) => {
    const nothingMore = () => socket.close('PROTOCOL_ERROR');
    inbox.handOver({ text: nothingMore, record: nothingMore, closed: () => closed() });
  });
  tooLong();
  return agentKey;
}

async function open(
  around: Surroundings,
  opening: Opening,
  trust: { pin: Bytes } | { code: string },
): Promise<OpenedSession> {
  const pairing = 'code' in trust;
  const mode = pairing ? 'pair' : 'open';
  const psk = pairing ? parsePairingCode(trust.code) : undefined;
  const shares = await makeShares(around.cipher, opening.suite, mode, psk);
  const { ticket, ...parameters } = await askToOpen(around.request, opening.desktop, mode, shares.digest);
  if (parameters.desktop !== opening.desktop) throw new Refusal('GRANT_OTHER_DESKTOP');

  const socket = await around.dial();
  let late = false;
  const giveUp = around.after(OPENING_MAX_MS, () => {
    late = true;
    socket.close('TOOK_TOO_LONG');
  });
  try {
    const inbox = new Inbox(socket);
    socket.sendText(JSON.stringify({ type: 'ticket', ticket, token: around.token?.() }));
    const paired = parsePairedMessage(await inbox.nextText());
    if (paired.session !== parameters.session) throw new Refusal('MESSAGE_UNEXPECTED', 'paired for another session');

    const hello = await shares.hello({ ...parameters, lastReceived: 0 });
    socket.sendRecord(hello.record);
    const expectIdentity = await hello.next.handle(await inbox.nextRecord());
    const identity = await inbox.nextRecord();
    const agent = await expectIdentity.handle(identity, pairing ? 'pairing' : trust.pin).catch((error) => {
      // Without the code there are no handshake keys, so a wrong code shows as a record that does not open.
      if (pairing && error instanceof Refusal && error.reason === 'RECORD_FORGED') {
        throw new Refusal('PAIRING_CODE_WRONG');
      }
      throw error;
    });
    const proof = await agent.prove(opening.user, opening.deviceKey);
    socket.sendRecord(proof.record);
    const { ready, established } = await proof.next.handle(await inbox.nextRecord());
    return { socket, inbox, ready, established, agentKey: agent.agentKey };
  } catch (error) {
    socket.close(error instanceof Refusal ? error.code : 'ENDED');
    // What this end found must not look as if a relay had said it.
    throw late ? new Refusal('HANDSHAKE_TIMED_OUT') : error;
  } finally {
    giveUp();
  }
}
