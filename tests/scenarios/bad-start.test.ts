// What bad input gets that keeps a process or a command from starting: one clear line that names the file, key, flag or
// port, and the right exit code. And what a disk gets that is full: it keeps new work out, and kills nobody.
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generate } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, type Place, run, start } from '#lab/process.ts';
import { clientTls } from '#platform/hop/tls.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { needsRoot } from '#tests/support/need.ts';
import { oneLineOf } from '#tests/support/one-line.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';

const NAMES = ['broker', 'gateway', 'agent'] as const;
type Name = (typeof NAMES)[number];
/** A process that starts although it should not. */
const GIVE_UP_MS = 20_000;

let folder: string;
let pki: DemoPki;
let busy: Server;
let busyPort: number;

beforeAll(async () => {
  pki = await demoPki();
  folder = mkdtempSync(join(tmpdir(), 'telework-bad-start-'));
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(folder, 'pin.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(folder, 'hello'), 'hello\n', { mode: 0o600 });
  busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  busyPort = (busy.address() as { port: number }).port;
});
afterAll(() => {
  busy?.close();
  rmSync(folder, { recursive: true, force: true });
});

type Config = Record<string, unknown>;

function configOf(name: Name): Config {
  const listen = { host: '127.0.0.1', port: 0 };
  const broker = { url: 'wss://127.0.0.1:9', serverName: 'localhost' };
  switch (name) {
    case 'broker':
      return {
        gatewaySide: { listen, tls: pki.brokerForGateways },
        agentSide: { listen, tls: pki.brokerForAgents },
        line: { tier: '1Gbps' },
        state: 'state',
      };
    case 'gateway':
      return {
        ...{ listen, origins: [], tls: pki.gatewayServer, broker: { ...broker, tls: pki.gatewayToBroker } },
        ...{ grantKey: 'grant.pem', factorKey: 'factor.key', state: 'state', adminSocket: 'admin.sock' },
      };
    case 'agent':
      return {
        ...{ broker: { ...broker, tls: pki.agent }, identityKey: 'agent.pem', grantKeys: [join(folder, 'pin.pem')] },
        ...{ desktops: [{ name: 'pc-01', kind: 'office' }], state: 'state', socket: 'agent.sock' },
      };
  }
}

let count = 0;
/** In a folder of its own, where the process makes what it makes. */
function written(config: Config | string): string {
  const own = join(folder, String(count++));
  mkdirSync(own);
  const path = join(own, 'config.json');
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
  return path;
}

const signal = () => AbortSignal.timeout(GIVE_UP_MS);
const startWith = (name: Name, config: Config | string): Promise<Ended> =>
  run(`${name}/main.ts`, ['--config', written(config)], { signal: signal() });

function expectLine({ code, stdout, stderr }: Ended, exitCode: number, line: string | RegExp): void {
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(oneLineOf(stderr)).toMatch(line);
}

describe.concurrent.each(NAMES)('the %s', (name) => {
  it.each<[string, (config: Config) => Config | string, RegExp]>([
    ['a configuration that is no JSON', () => '{"listen":', /\.json: not valid JSON$/],
    ['a key that nobody knows', (config) => ({ ...config, debug: true }), /\.json: unknown key "debug"$/],
    ['a missing key', ({ state: _, ...config }) => config, /\.json: "state" is missing$/],
    ['a state folder that is a file', (config) => ({ ...config, state: '../hello' }), /hello/],
    [
      'a state folder below a file',
      (config) => ({ ...config, state: '/dev/null/state' }),
      /\/dev\/null\/state: cannot be made \(ENOTDIR\)$/,
    ],
    [
      'a state folder nobody can make',
      (config) => ({ ...config, state: '/proc/nowhere' }),
      /\/proc\/nowhere: cannot be made \(ENOENT\)$/,
    ],
  ])('%s', async (_, change, line) => {
    expectLine(await startWith(name, change(configOf(name))), 1, line);
  });

  it('a configuration that is not there', async () => {
    expectLine(
      await run(`${name}/main.ts`, ['--config', 'nowhere.json']),
      1,
      /nowhere\.json: cannot be read \(ENOENT\)$/,
    );
  });

  const holder = { broker: 'gatewaySide', gateway: 'tls', agent: 'broker' }[name];
  it.each([
    ['is not there', 'nowhere.pem', /nowhere\.pem: cannot be read \(ENOENT\)$/],
    ['is none', '../hello', /hello: holds no certificate$/],
  ])('a certificate that %s', async (_, file, line) => {
    const config = configOf(name);
    const part = config[holder] as { tls?: object };
    const changed = part.tls ? { ...part, tls: { ...part.tls, certificate: file } } : { ...part, certificate: file };
    expectLine(await startWith(name, { ...config, [holder]: changed }), 1, line);
  });
});

describe('a port in use', () => {
  it.each(['gatewaySide', 'agentSide'])('by the broker’s %s', async (side) => {
    const config = configOf('broker');
    const changed = { ...(config[side] as object), listen: { host: '127.0.0.1', port: busyPort } };
    expectLine(await startWith('broker', { ...config, [side]: changed }), 1, new RegExp(`port ${busyPort} .* in use`));
  });

  it('by the gateway', async () => {
    const config = { ...configOf('gateway'), listen: { host: '127.0.0.1', port: busyPort } };
    expectLine(await startWith('gateway', config), 1, new RegExp(`port ${busyPort} .* in use`));
  });

  it('by npm start', async () => {
    const args = ['--once', '--json', '--port', String(busyPort), '--state', join(folder, 'var')];
    const line = new RegExp(`^gateway ended with 1: gateway: port ${busyPort} .* in use by another process$`);
    expectLine(await run('lab/main.ts', args, { signal: signal() }), 1, line);
  });
});

describe.concurrent('the gateway', () => {
  it.each(['https://host:99999', 'https://host:443', 'https://Host', 'https://host/', 'http://host', 'host', ''])(
    'the origin %j',
    async (origin) => {
      const config = { ...configOf('gateway'), origins: [origin] };
      expectLine(await startWith('gateway', config), 1, /"origins\.0": an origin as browsers send it/);
    },
  );
});

describe.concurrent('the agent', () => {
  it.each(['192.168.1.5:5901', '0.0.0.0:5901', 'localhost:5901', 'unix:vnc.sock'])(
    'a desktop at %s',
    async (address) => {
      const config = { ...configOf('agent'), desktops: [{ name: 'pc-01', kind: 'vnc', address, lock: 'none' }] };
      expectLine(await startWith('agent', config), 1, /only unix:\/path\/of\.sock, 127\.0\.0\.1:PORT or \[::1\]:PORT/);
    },
  );

  it.each([
    ['a grant key that is none', { grantKeys: ['../hello'] }, /hello/],
    ['a key of its own that is none', { identityKey: '../hello' }, /hello/],
    ['a socket that is a file', { socket: '../hello' }, /hello: exists and is not a socket/],
    ['a socket with too long a name', { socket: 'x'.repeat(200) }, /longer than a socket's path may be/],
    ['a desktop without a name', { desktops: [{ kind: 'office' }] }, /"desktops\.0\.name" is missing/],
    ['no desktop', { desktops: [] }, /"desktops"/],
    [
      'a VNC desktop that nobody said how to lock',
      { desktops: [{ name: 'pc-01', kind: 'vnc', address: '127.0.0.1:5901' }] },
      /"desktops\.0\.lock": how to lock: .* or "none"/,
    ],
    [
      'a lock that needs a shell',
      { desktops: [{ name: 'pc-01', kind: 'vnc', address: '127.0.0.1:5901', lock: { command: 'loginctl lock' } }] },
      /"desktops\.0\.lock".*how to lock/,
    ],
    [
      'a lock of keys that nobody knows',
      { desktops: [{ name: 'pc-01', kind: 'vnc', address: '127.0.0.1:5901', lock: { keys: 'Win+L' } }] },
      /"desktops\.0\.lock\.keys": one to 4 X key names joined by \+/,
    ],
    ['limits wider than AAL3 allows', { limits: { idleSeconds: 901 } }, /"limits\.idleSeconds"/],
    [
      'two desktops of one name',
      { desktops: Array(2).fill({ name: 'pc-01', kind: 'office' }) },
      /two desktops have the same name/,
    ],
  ])('%s', async (_, change, line) => {
    expectLine(await startWith('agent', { ...configOf('agent'), ...change }), 1, line);
  });
});

describe.concurrent('a command', () => {
  const COMMANDS = [
    'client-sim/main.ts',
    'certs/main.ts',
    'admin/main.ts',
    'agent/command.ts',
    'platform/audit/main.ts',
  ];
  const ALL = [...COMMANDS, 'lab/main.ts', ...NAMES.map((name) => `${name}/main.ts`)];

  it.each(ALL)('%s: --help is 0, a flag that nobody knows is 2', async (main) => {
    const [help, wrong] = await Promise.all([run(main, ['--help']), run(main, ['--nonsense'])]);
    expect([help.code, help.stderr, help.stdout.length > 100]).toEqual([0, '', true]);
    expectLine(wrong, 2, /--nonsense|--help/);
  });

  it.each([
    ['client-sim/main.ts', ['fly', '--user', 'x'], 2],
    ['client-sim/main.ts', [], 2],
    ['client-sim/main.ts', ['--user', '../x'], 2],
    ['client-sim/main.ts', ['pair', '--user', 'x'], 2],
    ['client-sim/main.ts', ['--user', 'x', '--suite', 'rsa'], 2],
    ['certs/main.ts', ['issue', 'dog'], 2],
    ['certs/main.ts', ['crl', '--dir', '/nowhere'], 1],
    ['agent/command.ts', ['pair'], 2],
    ['agent/command.ts', ['status', '--socket', '/nowhere/a.sock'], 1],
    ['admin/main.ts', ['session', 'end', '--session', 'x', '--socket', '/nowhere/a.sock'], 1],
    ['platform/audit/main.ts', ['verify'], 2],
    ['platform/audit/main.ts', ['verify', '/nowhere/audit.jsonl'], 3],
    ['lab/main.ts', ['--json', '--port', 'x'], 2],
    ['lab/main.ts', ['--json', '--once', '--state', '/dev/null/var'], 1],
    ['lab/main.ts', ['--json', '--once', '--state', '/proc/nowhere'], 1],
    ['certs/main.ts', ['init', '--dir', '/proc/nowhere', '--municipality', '131016'], 1],
  ])('%s %j', async (main, args, code) => {
    expectLine(await run(main, args, { signal: signal() }), code, /./);
  });
});

describe.skipIf(!needsRoot())('a disk', () => {
  /** In a mount namespace of its own, with a file system of `options` as the state folder of that configuration. */
  const onDisk =
    (config: string, options: string, filled = false): Place =>
    (program, args) => {
      const state = join(dirname(config), 'state');
      mkdirSync(state);
      const filling = filled ? `; head -c 1M /dev/zero > ${state}/full 2>/dev/null` : '';
      const script = `mount -t tmpfs -o ${options} tmpfs ${state}${filling}; exec "$@"`;
      return ['unshare', ['-m', 'sh', '-c', script, 'sh', program, ...args]];
    };

  it.each(NAMES)('that is read-only, or full, keeps the %s from starting', async (name) => {
    const [readOnly, full] = [written(configOf(name)), written(configOf(name))];
    const started = (config: string, place: Place) =>
      run(`${name}/main.ts`, ['--config', config], { signal: signal(), place });
    expectLine(await started(readOnly, onDisk(readOnly, 'ro')), 1, /cannot be written \(EROFS\)/);
    expectLine(await started(full, onDisk(full, 'size=64k', true)), 1, /state.* cannot be/);
  });

  it('that becomes full keeps new sign-ins out, and lets them in again when there is room', async () => {
    const path = written(configOf('gateway'));
    const own = dirname(path);
    const log = join(own, 'log');
    const place = onDisk(path, 'size=4m');
    const gateway = await start('gateway', 'gateway/main.ts', ['--config', path], log, { place });
    try {
      const who = { municipality: '131016', user: 'tanaka' };
      const admin = join(own, 'admin.sock');
      await callLocal(admin, 'user.add', { ...who, name: '田中太郎' });
      const { uri } = (await callLocal(admin, 'totp.enrol', who)) as { uri: string };
      const secret = new URL(uri).searchParams.get('secret') ?? '';
      const signIn = async () =>
        post(Number(gateway.ready.port), '/api/sign-in/totp', { code: await generate({ secret }) });

      const filler = join('/proc', String(gateway.pid), 'root', own, 'state', 'full');
      fill(filler);
      expect(await signIn()).toEqual({ status: 503, code: 'UNAVAILABLE' });
      rmSync(filler);
      expect((await signIn()).status).toBe(200);
    } finally {
      await gateway.stop();
    }
    expect(await gateway.exited).toBe(0);
  });

  function fill(path: string): void {
    for (let size = 2 ** 20; size >= 1; size /= 2) {
      try {
        for (;;) writeFileSync(path, new Uint8Array(size), { flag: 'a' });
      } catch {
        // ENOSPC: try with less
      }
    }
  }

  function post(port: number, path: string, body: object): Promise<{ status: number | undefined; code?: string }> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const options = {
        ...clientTls(pki.users.tanaka, 'localhost'),
        port,
        path,
        method: 'POST',
        headers,
        agent: false,
      };
      const outgoing = httpsRequest({ ...options, host: '127.0.0.1' }, async (incoming) => {
        let text = '';
        for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
        const { code } = JSON.parse(text);
        resolve({ status: incoming.statusCode, ...(code ? { code } : {}) });
      });
      outgoing.once('error', reject).end(JSON.stringify(body));
    });
  }
});
