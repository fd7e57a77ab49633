// A gateway in hostile hands: everything that lies on its host (grant key, the certificates of both its sides), used
// against the real broker and agent on one side and against a real client on the other. It holds no user's device key
// and not the agent's key.
import { createServer } from 'node:https';
import { join } from 'node:path';
import { openGrantKey } from '#gateway/grants.ts';
import type { System } from '#lab/system.ts';
import { acceptSockets } from '#platform/hop/accept.ts';
import { dialSocket } from '#platform/hop/dial.ts';
import { clientTls, serverTls, type TlsFiles } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { type Bytes, toHex } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { type DataSocket, Inbox } from '#protocol/outer/data-socket.ts';
import type { GrantClaims, GrantKey } from '#protocol/outer/grant.ts';
import { parseToGateway } from '#protocol/outer/link.ts';
import { grantFor } from '#tests/agent/parts.ts';
import type { Surroundings } from '#web/core/open.ts';

/** The grant that goes to the agent, given the claims that an honest gateway would sign. */
export type Forge = (claims: Partial<GrantClaims>, key: GrantKey) => Promise<string>;

export const honest: Forge = (claims, key) => grantFor(key, Date.now(), claims);

export interface StolenGateway {
  /** Plays the client as well, right behind the broker. The agent is asked for `desktop`, whatever the grant says. */
  client(user: string, desktop: string, forge?: Forge): Surroundings & { session: string };
  close(): void;
}

/** @param system its own gateway has to be stopped */
export async function stealGateway(system: System): Promise<StolenGateway> {
  const tls: TlsFiles = system.pki.files.gatewayToBroker;
  const { key } = await openGrantKey(join(system.folder, 'gateway', 'grant-key.pem'));
  const dial = (path: string): Promise<Socket> => {
    const url = `wss://127.0.0.1:${system.processes.broker.ready.gatewayPort}${path}`;
    return dialSocket(url, clientTls(tls, 'localhost'), { timeoutMs: 10_000, verify() {} });
  };
  const link = await dial('/link');
  const open = new Map<string, Socket>();
  link.listen({
    text(text) {
      const message = parseToGateway(text);
      if (message.type === 'ended') open.get(message.session)?.close(message.code);
    },
    closed() {},
  });

  return {
    client(user, desktop, forge = honest) {
      const session = toHex(nodeCipher.random(16));
      const [municipality = ''] = desktop.split('/');
      let grant = '';
      return {
        session,
        cipher: nodeCipher,
        now: () => performance.now(),
        after(ms, callback) {
          const timer = setTimeout(callback, ms);
          return () => clearTimeout(timer);
        },
        async request(_method, _path, body) {
          const { mode, hello } = body as { mode: 'open' | 'pair'; hello: string };
          grant = await forge({ aud: desktop, sub: user, municipality, session, mode, hello }, key);
          return { status: 200, body: { session, epoch: 0, municipality, desktop, ticket: 'none', grant } };
        },
        async dial(): Promise<DataSocket> {
          const data = await dial('/data');
          open.set(session, data);
          link.sendText(JSON.stringify({ type: 'open', session, desktop, grant }));
          return {
            get pressure() {
              return data.pressure;
            },
            // Where a client shows its ticket, a gateway names the session.
            sendText: () => data.sendText(JSON.stringify({ type: 'session', session })),
            sendRecord: (record) => data.sendRecord(record),
            close: (code) => data.close(code),
            listen: ({ text, record, closed }) => data.listen({ text, record: (one) => record(bytesOf(one)), closed }),
          };
        },
      };
    },
    close: () => link.close('ENDED'),
  };
}

const bytesOf = (buffer: Buffer): Bytes => new Uint8Array(buffer);

/** What the page's place behind /relay does with a client that has shown its ticket: it is told "paired" already. */
export type PlayAgent = (client: Inbox, send: (record: Uint8Array) => void) => Promise<void>;

/**
 * Listens in the gateway's place with its certificate, lets everybody sign in with any code, opens any desktop.
 * @param answered what the client is told that it opened
 */
export async function impersonate(
  system: System,
  playAgent: PlayAgent,
  answered: (asked: string) => string = (desktop) => desktop,
): Promise<{ close(): void }> {
  const session = toHex(nodeCipher.random(16));
  const server = createServer(serverTls(system.pki.files.gatewayServer), async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const signIn = {
      ...{ user: 'tanaka', municipality: '999999', factors: ['mtls', 'otp'], lastSignIn: null },
      ...{ signedInAt: new Date().toISOString(), idleSeconds: 900, overallSeconds: 43_200, managesFactorsOnly: false },
    };
    const asked = JSON.parse(text || '{}');
    const opened = { session, epoch: 0, municipality: '999999', ticket: 'A'.repeat(43), grant: 'a.b.c' };
    const answer = 'desktop' in asked ? { ...opened, desktop: answered(asked.desktop) } : signIn;
    response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': '__Host-telework=x; Secure' });
    response.end(JSON.stringify(answer));
  });
  acceptSockets(
    server,
    async () => (socket) => {
      const inbox = new Inbox({
        pressure: 0,
        sendText() {},
        sendRecord() {},
        close() {},
        listen: ({ text, record, closed }) => socket.listen({ text, record: (one) => record(bytesOf(one)), closed }),
      });
      void (async () => {
        await inbox.nextText();
        socket.sendText(JSON.stringify({ type: 'paired', session }));
        await playAgent(inbox, (record) => socket.sendRecord(record));
      })().catch(() => {});
    },
    () => {},
  );
  const { port } = new URL(system.gateway);
  await new Promise<void>((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
