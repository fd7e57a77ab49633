// A gateway in hostile hands (T04): it serves in the place of the real one with all that lies on that host, the server's
// certificate, the one towards the broker and the grant key, so that it can sign whatever an agent would believe. It has no
// user's device key, and not the agent's key.
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { openGrantKey } from '#gateway/grants.ts';
import { MUNICIPALITY, type System } from '#lab/system.ts';
import { dialSocket } from '#platform/hop/dial.ts';
import { keepAlive } from '#platform/hop/keep-alive.ts';
import { clientTls } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { toBase64Url, toHex } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import type { DataSocket } from '#protocol/outer/data-socket.ts';
import { type GrantClaims, type GrantKey, signGrant, signLease } from '#protocol/outer/grant.ts';
import { parseToGateway } from '#protocol/outer/link.ts';
import { parseTicketMessage } from '#protocol/outer/ticket.ts';
import type { Surroundings } from '#web/core/open.ts';
import { listenAs } from './impostor.ts';
import { honest, type Meddle, Middle } from './middle.ts';

export type Claims = Omit<GrantClaims, 'iss' | 'iat' | 'exp'>;
/** The grant that goes to the agent, given the claims that an honest gateway would sign. */
export type Forge = (claims: Claims, key: GrantKey) => Promise<string>;

export const sign: Forge = (claims, key) => signGrant(key, claims, Date.now());

export interface HostileGateway {
  meddle: Meddle;
  forge: Forge;
  /** The newest session that a real client opened. @throws Error if there was none */
  readonly middle: Middle;
  /** In the agent's place towards the next client, instead of leading it to the agent. */
  playAgent: ((client: Socket) => void) | null;
  /** Plays the client as well, right behind the broker. */
  asClient(user: string, desktop: string): Surroundings & { readonly session: string };
  close(): Promise<void>;
}

/** @param system its own gateway has to be stopped */
export async function takeGatewaysPlace(system: System, user: string): Promise<HostileGateway> {
  const { gatewayServer, gatewayToBroker } = system.pki.files;
  const { key } = await openGrantKey(join(system.folder, 'gateway', 'grant-key.pem'));
  const dial = (path: string) => {
    const url = `wss://127.0.0.1:${system.processes.broker.ready.gatewayPort}${path}`;
    return dialSocket(url, clientTls(gatewayToBroker, 'localhost'), { timeoutMs: 10_000, verify() {} });
  };
  const opened = new Map<string, { session: string; desktop: string; grant: string }>();
  const datas = new Map<string, Socket>();
  let middle: Middle | null = null;

  const link = await dial('/link');
  keepAlive(link);
  link.listen({
    text(text) {
      const message = parseToGateway(text);
      if (message.type === 'ended') datas.get(message.session)?.close(message.code);
      if (message.type !== 'nonce') return;
      const { session, nonce } = message;
      void signLease(key, { session, epoch: 0, nonce }, Date.now()).then((lease) =>
        link.sendText(JSON.stringify({ type: 'lease', session, lease })),
      );
    },
    closed() {},
  });

  /** @returns what the client is told */
  async function open(
    asked: { desktop: string; mode: 'open' | 'pair'; hello: string },
    sub: string,
    session = newId(),
  ) {
    const { desktop, mode, hello } = asked;
    const grant = await gateway.forge(claimsOf({ aud: desktop, sub, session, mode, hello }), key);
    const ticket = toBase64Url(nodeCipher.random(32));
    opened.set(ticket, { session, desktop, grant });
    return { session, epoch: 0, municipality: MUNICIPALITY, desktop, ticket, grant };
  }

  /** The broker is asked to pair it; text and records are the caller's. */
  async function lead({ session, desktop, grant }: { session: string; desktop: string; grant: string }) {
    const data = await dial('/data');
    keepAlive(data);
    datas.set(session, data);
    link.sendText(JSON.stringify({ type: 'open', session, desktop, grant }));
    return data;
  }

  async function admit(client: Socket, ticket: string): Promise<void> {
    const admission = opened.get(ticket);
    if (!admission) return client.close('TICKET_REFUSED');
    const paired = JSON.stringify({ type: 'paired', session: admission.session });
    if (gateway.playAgent) {
      client.sendText(paired);
      return gateway.playAgent(client);
    }
    const data = await lead(admission);
    data.listen({
      text() {
        client.sendText(paired);
        middle = new Middle(admission.session, { client, agent: data }, gateway.meddle);
      },
      closed: (code) => client.close(code),
    });
    data.sendText(JSON.stringify({ type: 'session', session: admission.session }));
  }

  const door = await listenAs(
    gatewayServer,
    Number(new URL(system.gateway).port),
    (socket) => socket.listen({ text: (text) => void admit(socket, parseTicketMessage(text).ticket), closed() {} }),
    async (request, response) => {
      const body = await bodyOf(request);
      const answer = request.url === '/api/desktops/open' ? await open(JSON.parse(body), user) : {};
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    },
  );

  const gateway: HostileGateway = {
    meddle: honest,
    forge: sign,
    playAgent: null,
    get middle() {
      if (!middle) throw new Error('no session came through the hostile gateway');
      return middle;
    },
    asClient(sub, desktop) {
      const session = newId();
      let asked: Awaited<ReturnType<typeof open>> | null = null;
      return {
        session,
        cipher: nodeCipher,
        now: () => performance.now(),
        after(ms, callback) {
          const timer = setTimeout(callback, ms);
          return () => clearTimeout(timer);
        },
        async request(_method, _path, body) {
          asked = await open({ ...(body as { mode: 'open' | 'pair'; hello: string }), desktop }, sub, session);
          return { status: 200, body: asked };
        },
        async dial(): Promise<DataSocket> {
          if (!asked) throw new Error('dialled before it asked');
          const data = await lead(asked);
          return {
            pressure: 0,
            // Where a client shows its ticket, a gateway names the session.
            sendText: () => data.sendText(JSON.stringify({ type: 'session', session })),
            sendRecord: (record) => data.sendRecord(record),
            close: (code) => data.close(code),
            listen: (handlers) => data.listen(handlers),
          };
        },
      };
    },
    async close() {
      link.close('UNAVAILABLE');
      await door.close();
    },
  };
  return gateway;
}

const newId = () => toHex(nodeCipher.random(16));

function claimsOf(told: Pick<Claims, 'aud' | 'sub' | 'session' | 'mode' | 'hello'>): Claims {
  return {
    ...told,
    municipality: MUNICIPALITY,
    cnf: { 'x5t#S256': toBase64Url(nodeCipher.random(32)) },
    amr: ['mtls', 'otp'],
    epoch: 0,
    policy: { idleSeconds: 900, overallSeconds: 43_200 },
    jti: toBase64Url(nodeCipher.random(16)),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
