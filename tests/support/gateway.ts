// A gateway in this process, with real TLS, real certificates and real state; only clocks and the audit log are ours.
import { randomBytes, X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { generate } from 'otplib';
import { Authority } from '#certs/authority.ts';
import type { GatewayConfig } from '#gateway/config.ts';
import { type Gateway, startGateway } from '#gateway/gateway.ts';
import { openGrantKey } from '#gateway/grants.ts';
import { FactorSeal } from '#gateway/sign-in/factors.ts';
import { Totp } from '#gateway/sign-in/totp.ts';
import type { UserId } from '#gateway/users.ts';
import { auditSchema } from '#platform/audit/config.ts';
import { dialSocket } from '#platform/hop/dial.ts';
import { type EdgeLimits, edgeSchema } from '#platform/hop/edge-limits.ts';
import { normalSerial } from '#platform/hop/revocation.ts';
import { clientTls, type TlsFiles } from '#platform/hop/tls.ts';
import { loadTls } from '#platform/hop/tls-files.ts';
import { createLog } from '#platform/process/log.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import type { Store } from '#platform/state/store.ts';
import { type MemoryAudit, memoryAudit, Peer } from './broker.ts';
import { type DemoPki, demoPki } from './pki.ts';

/** Any 32 bytes: the gateway only passes the hello's digest on. */
export const HELLO = Buffer.alloc(32, 7).toString('base64url');

export interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** Parsed, or null. */
  json: Record<string, unknown> | null;
}

const STEP_MS = 30_000;

/** Every request here is a connection of its own from one address; a test of the edge says what it wants. */
const FREELY: Partial<EdgeLimits> = { connectionsPerSecondPerAddress: 10_000, handshakesPerSecond: 10_000 };

export interface AskOptions {
  method?: string;
  body?: unknown;
  cookie?: string | undefined;
  headers?: Record<string, string>;
}

export interface TestGateway {
  pki: DemoPki;
  gateway: Gateway;
  origin: string;
  /** Holds state.sqlite. */
  folder: string;
  store: Store;
  audit: MemoryAudit;
  /** Everything that the gateway wrote to its operators' log. */
  logged(): string;
  /** Moves the clocks of the gateway forward. */
  pass(ms: number): void;
  now(): number;
  /** @param tls null: without a client certificate */
  ask(tls: TlsFiles | null, path: string, options?: AskOptions): Promise<Answered>;
  admin(command: string, body?: object): Promise<Record<string, unknown>>;
  /** Gives a second factor to whoever is named. @returns the otpauth URI */
  totpOf(owner: { municipality: string; user: string }): Promise<string>;
  /** Creates the user with a TOTP secret. @returns the current code's maker */
  enrol(id: UserId): Promise<() => Promise<string>>;
  /** Signs in and returns the cookie ("name=value"). Moves the clock to a fresh step first. */
  signIn(tls: TlsFiles, code: () => Promise<string>): Promise<string>;
  /** A WebSocket to /relay. */
  dial(tls: TlsFiles, cookie: string | null, headers?: Record<string, string>, path?: string): Promise<Peer>;
  close(): Promise<void>;
}

export async function openGateway(
  options: {
    pki?: DemoPki;
    brokerPort?: number;
    limits?: GatewayConfig['limits'];
    /** As gateway.json has it. */
    edge?: Partial<EdgeLimits>;
    webauthn?: { attestationRoots: string };
    /** Another file than the PKI's own; see ownRevocations. */
    revocations?: string;
    /** A folder that `npm run page` made. */
    page?: string;
    /** Opens the administrators' listener, too. */
    administration?: { tls: TlsFiles };
  } = {},
): Promise<TestGateway> {
  const pki = options.pki ?? (await demoPki());
  const folder = mkdtempSync(join(tmpdir(), 'telework-gateway-'));
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const store = openSqliteStore(join(folder, 'state.sqlite'), { now });
  const audit = memoryAudit();
  const lines: string[] = [];
  const log = createLog('gateway', { write: (line) => void lines.push(line) });
  const edge = edgeSchema().parse({ ...FREELY, ...options.edge });
  const config: GatewayConfig = {
    listen: { host: '127.0.0.1', port: 0 },
    origins: ['https://telework.example.jp'],
    tls: { ...pki.gatewayServer, ...(options.revocations ? { revocations: options.revocations } : {}) },
    // Port 9 (discard): nothing answers there.
    broker: { url: `wss://127.0.0.1:${options.brokerPort ?? 9}`, serverName: 'localhost', tls: pki.gatewayToBroker },
    grantKey: join(folder, 'grant.pem'),
    factorKey: join(folder, 'factor.key'),
    state: folder,
    audit: auditSchema.parse({}),
    adminSocket: join(folder, 'admin.sock'),
    enrolment: {
      ...{ listen: { host: '127.0.0.1', port: 0 }, edge },
      tls: { key: pki.gatewayServer.key, certificate: pki.gatewayServer.certificate },
    },
    ...(options.page ? { page: options.page } : {}),
    webauthn: { rpId: 'localhost', rpName: 'LGWAN Telework', ...options.webauthn },
    edge,
    ...(options.administration
      ? {
          administration: {
            ...{ listen: { host: '127.0.0.1', port: 0 }, edge, rpId: 'localhost', rpName: '管理' },
            ...options.administration,
          },
        }
      : {}),
    limits: options.limits ?? { idleSeconds: 900, overallSeconds: 43_200 },
  };
  const seal = new FactorSeal(randomBytes(32));
  const gateway = await startGateway(config, {
    ...{ store, audit, log, now },
    seal,
    grantKey: (await openGrantKey(config.grantKey)).key,
    monotonic: () => performance.now() + ahead,
    random: () => 0,
  });
  const origin = `https://localhost:${gateway.port}`;
  const peers: Peer[] = [];

  const ask: TestGateway['ask'] = (tls, path, asked) => askAt(gateway.port, pki, tls, path, asked);

  const admin: TestGateway['admin'] = async (command, body) =>
    (await gateway.admin[command]?.(body)) as Record<string, unknown>;

  return {
    ...{ pki, gateway, origin, folder, store, audit, ask, admin, now },
    logged: () => lines.join(''),
    pass(ms) {
      ahead += ms;
    },
    totpOf: async (owner) => String(await new Totp(store, seal, now).enrol(owner)),
    async enrol(id) {
      await admin('user.add', { ...id, name: '試験' });
      const { uri } = await admin('totp.enrol', id);
      const secret = new URL(String(uri)).searchParams.get('secret') ?? '';
      return () => generate({ secret, epoch: Math.floor(now() / 1000) });
    },
    async signIn(tls, code) {
      ahead += STEP_MS - (now() % STEP_MS); // a code is good once
      const answer = await ask(tls, '/api/sign-in/totp', { method: 'POST', body: { code: await code() } });
      if (answer.status !== 200) throw new Error(`not signed in: ${answer.text}`);
      return String(answer.headers['set-cookie']).split(';')[0] ?? '';
    },
    async dial(tls, cookie, headers = { origin }, path = '/relay') {
      const socket = await dialSocket(`wss://127.0.0.1:${gateway.port}${path}`, clientTls(tls, 'localhost'), {
        timeoutMs: 10_000,
        verify() {},
        headers: { ...headers, ...(cookie ? { cookie } : {}) },
      });
      const peer = new Peer(socket);
      peers.push(peer);
      return peer;
    },
    async close() {
      for (const peer of peers) peer.socket.peer.destroy();
      await gateway.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One request to a listener on loopback. @param tls null: without a client certificate */
export function askAt(
  port: number,
  pki: DemoPki,
  tls: TlsFiles | null,
  path: string,
  { method = 'GET', body, cookie, headers = {} }: AskOptions = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const outgoing = httpsRequest(
      {
        ...(tls ? clientTls(tls, 'localhost') : trusting(pki)),
        ...{ host: '127.0.0.1', port, path, method, agent: false },
        headers: {
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...(cookie ? { cookie } : {}),
          ...headers,
        },
      },
      async (incoming) => {
        const chunks: Buffer[] = [];
        for await (const chunk of incoming) chunks.push(chunk as Buffer);
        const answer = Buffer.concat(chunks).toString();
        const isJson = incoming.headers['content-type']?.startsWith('application/json') ?? false;
        const json = isJson && answer ? JSON.parse(answer) : null;
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: answer, json });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

/** A copy of the user authority, whose list a test may change. */
export function ownRevocations({ dir }: DemoPki): { path: string; revoke(user: TlsFiles): void; close(): void } {
  const copy = mkdtempSync(join(tmpdir(), 'telework-user-ca-'));
  cpSync(join(dir, 'user'), join(copy, 'user'), { recursive: true });
  const authority = new Authority(copy, 'user');
  return {
    path: authority.crlPath,
    revoke(user) {
      const { serialNumber } = new X509Certificate(readFileSync(user.certificate));
      authority.revoke(normalSerial(serialNumber), 'keyCompromise', Date.now());
    },
    close: () => rmSync(copy, { recursive: true, force: true }),
  };
}

/** Trusts the gateway, shows nothing of its own. */
export function trusting(pki: DemoPki): ConnectionOptions {
  const { ca, crl } = loadTls(pki.users.tanaka).pem;
  return { ca, crl, servername: 'localhost', minVersion: 'TLSv1.3' };
}
