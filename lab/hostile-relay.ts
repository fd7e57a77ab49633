// A relay in hostile hands, in the broker's place before an agent, with all keys of the broker's host. It passes everything on
// but what it is told to hold back: a session's revocation, its leases, its end. It can be a client's accomplice, too, who takes
// that session's records past gateway and broker, so that they cannot cut it (T26).
import { createServer } from 'node:https';
import { acceptSockets } from '#platform/hop/accept.ts';
import { dialSocket } from '#platform/hop/dial.ts';
import { keepAlive } from '#platform/hop/keep-alive.ts';
import { clientTls, serverTls, type TlsFiles } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { listen } from '#platform/process/listen.ts';
import { Refusal } from '#protocol/codes.ts';
import type { DataSocket, SocketHandlers } from '#protocol/outer/data-socket.ts';
import { parseFromAgent, parseToAgent } from '#protocol/outer/link.ts';
import { parsePairedMessage, parseSessionMessage } from '#protocol/outer/ticket.ts';

export interface HostileRelayOptions {
  /** The broker's own, of its agents' side. */
  tls: TlsFiles;
  /** The real broker, and as whom it is dialled: the agent. */
  broker: { url: string; serverName: string; tls: TlsFiles };
}

/** A nonce of the agent's; the gateway answers them in order. */
export interface Asked {
  session: string;
  /** ms since 1970 */
  at: number;
  answered: boolean;
}

export interface HostileRelay {
  /** Where the agent dials. */
  readonly port: number;
  /** Every nonce of the agent's, oldest first. */
  readonly asked: readonly Asked[];
  /** Of this session no revocation reaches the agent from now on. */
  withholdRevocation(session: string): void;
  /** Leases of this session are kept from now on. */
  bankLeases(session: string): void;
  /** How many are kept. */
  banked(session: string): number;
  /** Gives the agent the oldest that is kept. @returns false if there is none */
  dealLease(session: string): boolean;
  /** What a client uses in place of its own socket to be helped. */
  accomplice(honest: DataSocket): DataSocket;
  close(): void;
}

/** One session's way past the relays. */
interface Line {
  readonly agent: Socket;
  isPaired: boolean;
  /** Of a client that is helped; null for everybody else. */
  client: SocketHandlers | null;
  /** The client's records until the agent has heard "paired". */
  readonly early: Uint8Array[];
}

const DIAL_MAX_MS = 10_000;

export async function openHostileRelay({ tls, broker }: HostileRelayOptions): Promise<HostileRelay> {
  const withheld = new Set<string>();
  const banks = new Map<string, string[]>();
  const lines = new Map<string, Line>();
  const asked: Asked[] = [];
  const open = new Set<Socket>();
  let toAgent: (text: string) => void = () => {};

  const keep = (socket: Socket) => {
    open.add(socket);
    socket.observe({ ended: () => void open.delete(socket) });
    keepAlive(socket);
  };
  const dial = async (path: string): Promise<Socket> => {
    const url = new URL(path, broker.url).href;
    const options = { timeoutMs: DIAL_MAX_MS, mask: 'zero' as const, verify() {} };
    const socket = await dialSocket(url, clientTls(broker.tls, broker.serverName), options);
    keep(socket);
    return socket;
  };

  async function relayLink(agent: Socket): Promise<void> {
    const far = await dial('/link');
    toAgent = (text) => agent.sendText(text);
    agent.listen({
      text(text) {
        const message = parseFromAgent(text);
        if (message.type === 'nonce') asked.push({ session: message.session, at: Date.now(), answered: false });
        far.sendText(text);
      },
      closed: (code) => far.close(code),
    });
    far.listen({
      text(text) {
        const message = parseToAgent(text);
        if (message.type === 'revoke' && withheld.has(message.session)) return;
        if (message.type !== 'lease') return agent.sendText(text);
        const question = asked.find(({ session, answered }) => session === message.session && !answered);
        if (question) question.answered = true;
        const bank = banks.get(message.session);
        if (bank) bank.push(text);
        else agent.sendText(text);
      },
      closed: (code) => agent.close(code),
    });
  }

  async function relayData(agent: Socket): Promise<void> {
    const far = await dial('/data');
    const line: Line = { agent, isPaired: false, client: null, early: [] };
    let session = '';
    agent.listen({
      text(text) {
        session = parseSessionMessage(text).session;
        lines.set(session, line);
        far.sendText(text);
      },
      record: (record) => (line.client ? line.client.record(new Uint8Array(record)) : far.sendRecord(record)),
      closed(code) {
        lines.delete(session);
        line.client?.closed(code);
        far.close(code);
      },
    });
    far.listen({
      text(text) {
        agent.sendText(text);
        line.isPaired = true;
        for (const record of line.early.splice(0)) agent.sendRecord(record);
      },
      record: (record) => agent.sendRecord(record),
      // Gateway and broker have cut it: whoever helps the client goes on.
      closed(code) {
        if (!line.client) agent.close(code);
      },
    });
  }

  const server = createServer(serverTls(tls));
  acceptSockets(
    server,
    async ({ url }) => {
      const relayed = url === '/link' ? relayLink : url === '/data' ? relayData : null;
      if (!relayed) throw new Refusal('ROUTE_UNKNOWN');
      return (socket) => {
        keep(socket);
        relayed(socket).catch(() => socket.close('UNAVAILABLE'));
      };
    },
    () => {},
  );
  const port = await listen(server, { host: '127.0.0.1', port: 0 });

  return {
    port,
    asked,
    withholdRevocation: (session) => void withheld.add(session),
    bankLeases: (session) => void banks.set(session, banks.get(session) ?? []),
    banked: (session) => banks.get(session)?.length ?? 0,
    dealLease(session) {
      const lease = banks.get(session)?.shift();
      if (lease !== undefined) toAgent(lease);
      return lease !== undefined;
    },
    accomplice: (honest) => helped(honest, lines),
    close() {
      for (const socket of open) socket.close('ENDED');
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The client's socket: the gateway's for ticket and "paired", the agent's own from then on. */
function helped(honest: DataSocket, lines: ReadonlyMap<string, Line>): DataSocket {
  let line: Line | null = null;
  return {
    get pressure() {
      return line?.agent.pressure ?? honest.pressure;
    },
    sendText: (text) => honest.sendText(text),
    sendRecord(record) {
      if (line?.isPaired) line.agent.sendRecord(record);
      else line?.early.push(record);
    },
    close(code) {
      honest.close(code);
      line?.agent.close(code);
    },
    listen(handlers) {
      honest.listen({
        text(text) {
          line = lines.get(parsePairedMessage(text).session) ?? null;
          if (line) line.client = handlers;
          handlers.text(text);
        },
        record: (record) => handlers.record(record),
        closed(code) {
          if (!line) handlers.closed(code);
        },
      });
    },
  };
}
