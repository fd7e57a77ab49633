import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const NODE = ['--disable-warning=ExperimentalWarning'];

let pki: DemoPki;
let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  pki = await demoPki();
  folder = mkdtempSync(join(tmpdir(), 'telework-gateway-process-'));
}, 60_000);
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

function config(change: object = {}): string {
  const path = join(folder, 'gateway.json');
  const whole = {
    listen: { host: '127.0.0.1', port: 0 },
    origins: ['https://telework.example.jp'],
    tls: pki.gatewayServer,
    broker: { url: 'wss://127.0.0.1:9', serverName: 'localhost', tls: pki.gatewayToBroker },
    ...{ grantKey: 'grant.pem', factorKey: 'factor.key', state: 'state', adminSocket: 'admin.sock' },
    ...change,
  };
  writeFileSync(path, JSON.stringify(whole));
  return path;
}

interface Ended {
  exit: number | null;
  out: string;
  err: string;
}

function run(script: string, args: string[]): { child: ChildProcess; ended: Promise<Ended>; ready: Promise<string> } {
  const child = spawn(process.execPath, [...NODE, join(ROOT, script), ...args], { cwd: folder });
  children.push(child);
  let out = '';
  let err = '';
  const ready = new Promise<string>((done) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (out.includes('\n')) done(out);
    });
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return { child, ready, ended: once(child, 'close').then(([exit]) => ({ exit, out, err })) };
}

const own = ({ key, certificate }: TlsFiles) => ({ key, certificate });
const gateway = (path: string) => run('gateway/main.ts', ['--config', path]);
const admin = (...args: string[]) => run('admin/main.ts', ['--socket', join(folder, 'admin.sock'), ...args]).ended;
/** What a person sees besides the JSON log. */
const lines = (text: string) => text.split('\n').filter((line) => line && !line.startsWith('{'));

describe('the gateway process', () => {
  const any = { host: '127.0.0.1', port: 0 };
  it.each<[string, () => object]>([
    ['the public listener', () => ({ tls: { ...pki.administration, authorities: pki.gatewayServer.authorities } })],
    ['the enrolment listener', () => ({ enrolment: { listen: any, tls: own(pki.administration) } })],
    [
      'the administration',
      () => ({
        administration: {
          listen: any,
          tls: { ...pki.administration, ...own(pki.gatewayServer) },
          rpId: 'localhost',
          rpName: 'x',
        },
      }),
    ],
    [
      'the dial to the broker',
      () => ({ broker: { url: 'wss://127.0.0.1:9', serverName: 'localhost', tls: pki.agent } }),
    ],
  ])('does not start with a certificate of another kind for %s (T11)', async (_, change) => {
    const { ended } = gateway(config(change()));
    const { exit, out, err } = await ended;
    expect([exit, out]).toEqual([1, '']);
    expect(lines(err)).toEqual([
      expect.stringMatching(/^gateway: \S+\.cert\.pem: not a certificate for a .* \(CERTIFICATE_WRONG_KIND/),
    ]);
  });

  it('starts without a broker, makes its keys, serves its administrator, and stops cleanly', async () => {
    const { child, ready, ended } = gateway(config());
    expect(JSON.parse(await ready)).toMatchObject({ ready: true, name: 'gateway', port: expect.any(Number) });
    for (const file of ['grant.pem', 'factor.key', 'admin.sock', 'state/state.sqlite', 'state/audit.jsonl']) {
      expect([file, statSync(join(folder, file)).mode & 0o077]).toEqual([file, 0]);
    }
    expect(existsSync(join(folder, 'grant.pub.pem'))).toBe(true);

    const status = { auditHealthy: true, brokerLinked: false, sessions: 0 };
    expect(JSON.parse((await admin('status', '--json')).out)).toEqual(status);
    const who = ['--municipality', '131016', '--user', 'tanaka'];
    expect(await admin('user', 'add', ...who, '--name', '田中太郎')).toMatchObject({ exit: 0, err: '' });
    expect(await admin('user', 'add', ...who, '--name', '田中太郎')).toEqual({
      ...{ exit: 1, out: '', err: expect.stringMatching(/^[^\n]*the user 131016\/tanaka exists already\n$/) },
    });
    const enrolled = JSON.parse((await admin('totp', 'enrol', ...who, '--json')).out);
    expect(enrolled).toMatchObject({ user: 'tanaka', uri: expect.stringMatching(/^otpauth:\/\/totp\//) });
    const activation = JSON.parse((await admin('factor', 'activation', ...who, '--json')).out);
    expect(activation.code).toMatch(/^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
    expect((await admin('factor', 'list', ...who)).out).toMatch(/TOTP: 20.*\n.*password: -\n.*codes left: 0\n$/);
    expect((await admin('factor', 'remove', ...who, '--factor', 'password')).err).toContain('has no such factor');
    const desktop = '131016/soumu/notepad';
    expect((await admin('entitlement', 'add', ...who, '--desktop', desktop)).exit).toBe(0);
    expect(JSON.parse((await admin('user', 'list', '--json')).out)).toEqual({
      users: [
        {
          ...{ municipality: '131016', user: 'tanaka', name: '田中太郎', enabled: true },
          ...{ lastSignIn: null, certificateExpiresAt: null, certificateWarning: null },
          ...{ totp: true, passkeys: 0, desktops: [desktop] },
        },
      ],
    });

    child.kill('SIGTERM');
    const { exit, err } = await ended;
    expect([exit, lines(err)]).toEqual([0, []]);
    expect(existsSync(join(folder, 'admin.sock'))).toBe(false);
    const audit = readFileSync(join(folder, 'state/audit.jsonl'), 'utf8');
    expect(audit).toContain('"entitlement-granted"');
    expect(audit + err).not.toContain(new URL(enrolled.uri).searchParams.get('secret'));
    expect(audit + err).not.toContain(activation.code);
  }, 30_000);

  it.for<[string, object, string | RegExp]>([
    ['a missing key', { origins: undefined }, '"origins" is missing'],
    ['an unknown key', { debug: true }, 'unknown key "debug"'],
    ['limits wider than allowed', { limits: { idleSeconds: 3600 } }, '"limits.idleSeconds"'],
    ['a broker that is no wss', { broker: { url: 'http://broker', serverName: 'b', tls: {} } }, '"broker.url"'],
    [
      'a certificate that is not there',
      { tls: { key: 'x', certificate: 'x', authorities: 'x', revocations: 'x' } },
      'x',
    ],
    ['a grant key in a folder that is not there', { grantKey: 'nowhere/grant.pem' }, 'nowhere/grant.pem'],
    ['a relying party that is no host', { webauthn: { rpId: 'https://a.example', rpName: 'x' } }, '"webauthn.rpId"'],
    [
      'a relying party that no page is of',
      { webauthn: { rpId: 'a.example', rpName: 'x' } },
      'webauthn.rpId: "a.example" is neither',
    ],
    [
      'attestation roots that are not there',
      { webauthn: { rpId: 'localhost', rpName: 'x', attestationRoots: 'no.pem' } },
      'no.pem: cannot be read (ENOENT)',
    ],
    [
      'attestation roots that are none',
      { webauthn: { rpId: 'localhost', rpName: 'x', attestationRoots: 'gateway.json' } },
      'no certificate in it',
    ],
    ['an address that is not this host’s', { listen: { host: '192.0.2.1', port: 0 } }, '192.0.2.1'],
  ])('ends with one line and exit 1 for %s', async ([, change, text]) => {
    const { exit, out, err } = await gateway(config(change)).ended;
    expect([exit, out, lines(err).length]).toEqual([1, '', 1]);
    expect(lines(err)[0]).toMatch(text);
    expect(err).not.toMatch(/ at .*:\d+:\d+/);
  });

  it('ends with one line for a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = (other.address() as { port: number }).port;
    const { exit, err } = await gateway(config({ listen: { host: '127.0.0.1', port } })).ended;
    other.close();
    expect([exit, lines(err)]).toEqual([1, [`gateway: port ${port} on 127.0.0.1 is in use by another process`]]);
  });

  it('ends with one line when its keys may be read by others', async () => {
    writeFileSync(join(folder, 'factor.key'), 'ab'.repeat(32));
    chmodSync(join(folder, 'factor.key'), 0o644);
    const { exit, err } = await gateway(config()).ended;
    expect([exit, lines(err).length]).toEqual([1, 1]);
    expect(lines(err)[0]).toContain('chmod 600');
  });
});

describe('npm run admin', () => {
  it.for<[string, string[], number, string | RegExp]>([
    ['nothing', [], 2, 'which command?'],
    ['an unknown command', ['user', 'delete'], 2, 'unknown command "user delete"'],
    ['a missing option', ['user', 'add', '--user', 'tanaka'], 2, '--municipality is missing'],
    ['an option of another command', ['user', 'list', '--desktop', 'x'], 2, '--desktop does not belong'],
    ['an unknown option', ['user', 'list', '--force'], 2, '--force'],
    [
      'an unknown factor',
      ['factor', 'remove', '--municipality', '131016', '--user', 'tanaka', '--factor', 'sms'],
      ...[2, '--factor is one of totp'],
    ] as [string, string[], number, string],
    ['no gateway', ['user', 'list'], 1, 'is the process running?'],
  ])('answers %s in one line', async ([, args, code, text]) => {
    const { exit, out, err } = await admin(...args);
    expect([exit, out, err.trim().split('\n').length]).toEqual([code, '', 1]);
    expect(err).toMatch(text);
  });

  it('has help', async () => {
    const { exit, out } = await admin('--help');
    expect(exit).toBe(0);
    expect(out).toContain('totp enrol');
  });
});
