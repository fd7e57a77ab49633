// The three configuration files of deploy/, exactly as they lie there, on three hosts with the addresses and names that
// they say, a teleworker on a fourth, and administrators on a fifth. What a host may not reach, it does not reach.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layNetwork, type Network } from '#lab/namespaces.ts';
import { mustRun, ROOT, type Running, run, start } from '#lab/process.ts';
import { needs, needsRoot } from '#tests/support/need.ts';

const MUNICIPALITY = '999999';
const DESKTOP = `${MUNICIPALITY}/soumu/pc-01`;
const GATEWAY = 'https://telework.example.jp';
const HOSTS = ['internet', 'gateway', 'broker', 'lgwan', 'management'] as const;

const able = needs('ip') && needsRoot();

describe.skipIf(!able)('three hosts from deploy/*.json', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tw-deploy-'));
  const pki = join(folder, 'authorities');
  const srv = (host: string, ...path: string[]) => join(folder, host, ...path);
  const running: Running[] = [];
  let network: Network;

  async function boot(name: 'broker' | 'gateway' | 'agent', host: string): Promise<void> {
    copyFileSync(join(ROOT, 'deploy', `${name}.json`), srv(host, `${name}.json`));
    const args = ['--config', srv(host, `${name}.json`)];
    running.push(await start(name, `${name}/main.ts`, args, srv(host, 'log'), { place: network.on(host) }));
  }

  beforeAll(async () => {
    network = layNetwork(
      HOSTS,
      [
        {
          ends: [
            { host: 'internet', address: '203.0.113.77' },
            { host: 'gateway', address: '203.0.113.10' },
          ],
        },
        {
          ends: [
            { host: 'gateway', address: '192.0.2.10' },
            { host: 'broker', address: '192.0.2.20' },
          ],
        },
        {
          ends: [
            { host: 'broker', address: '198.51.100.20' },
            { host: 'lgwan', address: '198.51.100.30' },
          ],
        },
        {
          ends: [
            { host: 'gateway', address: '10.20.0.10' },
            { host: 'management', address: '10.20.0.20' },
          ],
        },
      ],
      {
        'telework.example.jp': '203.0.113.10',
        'broker.asp.example.jp': '192.0.2.20',
        'broker.lgwan.example.jp': '198.51.100.20',
      },
    );
    for (const host of HOSTS)
      for (const part of ['tls', 'keys', 'state']) mkdirSync(srv(host, part), { recursive: true });
    const names = [
      ...['telework.example.jp', 'admin.telework.example.jp', 'broker.asp.example.jp', 'broker.lgwan.example.jp'],
    ];
    await mustRun('certs/main.ts', [
      ...['demo', '--dir', pki, '--municipality', MUNICIPALITY, '--agent', 'soumu'],
      ...names.flatMap((name) => ['--dns', name]),
    ]);
    await mustRun('scripts/page.mjs', ['--out', srv('gateway', 'page')]);
    give('gateway', ['gateway-server', 'hop-client', 'admin-server'], ['user', 'hop', 'admin']);
    give('broker', ['hop-server', 'agent-server'], ['hop', 'agent']);
    give('lgwan', ['agent-client'], ['agent']);
    await boot('broker', 'broker');
    await boot('gateway', 'gateway');
    copyFileSync(srv('gateway', 'keys', 'grant-key.pub.pem'), srv('lgwan', 'tls', 'gateway-grant-key.pub.pem'));
    await boot('agent', 'lgwan');
    await enrolTeleworker();
  }, 90_000);

  afterAll(async () => {
    for (const one of running.reverse()) await one.stop();
    network?.remove();
  }, 60_000);

  function give(host: string, ends: readonly string[], trusted: readonly string[]): void {
    for (const end of ends) {
      for (const part of ['key', 'cert']) {
        copyFileSync(join(pki, 'issued', `${end}.${part}.pem`), srv(host, 'tls', `${end}.${part}.pem`));
      }
    }
    for (const kind of trusted) {
      copyFileSync(join(pki, kind, 'ca.cert.pem'), srv(host, 'tls', `${kind}-ca.cert.pem`));
      copyFileSync(join(pki, kind, 'crl.pem'), srv(host, 'tls', `${kind}-crl.pem`));
    }
  }

  async function enrolTeleworker(): Promise<void> {
    const home = srv('internet');
    copyFileSync(join(pki, 'gateway-server', 'ca.cert.pem'), join(home, 'gateway-ca.pem'));
    copyFileSync(join(pki, 'gateway-server', 'crl.pem'), join(home, 'gateway-crl.pem'));
    writeFileSync(join(home, 'password'), 'a-password-of-the-test');
    const client = (...args: string[]) => mustRun('client-sim/main.ts', ['enrol', '--credentials', home, ...args]);
    await client('--name', '田中太郎');
    await mustRun('certs/main.ts', [
      ...['issue', 'user', '--role', 'client', '--dir', pki, '--csr', join(home, 'user.csr.pem')],
      ...['--out', join(home, 'issued.pem'), '--municipality', MUNICIPALITY, '--name', 'tanaka'],
    ]);
    await client('--certificate', join(home, 'issued.pem'), '--p12-password-file', join(home, 'password'));
    const who = ['--municipality', MUNICIPALITY, '--user', 'tanaka'];
    const admin = (...args: string[]) =>
      mustRun('admin/main.ts', ['--json', '--socket', srv('gateway', 'state', 'admin.sock'), ...args]);
    await admin('user', 'add', ...who, '--name', '田中太郎');
    await admin('entitlement', 'add', ...who, '--desktop', DESKTOP);
    writeFileSync(join(home, 'totp'), JSON.parse(await admin('totp', 'enrol', ...who)).uri);
  }

  it('carry a teleworker from the internet to the desktop, on port 443, by name', async () => {
    const pairing = JSON.parse(
      await mustRun('agent/command.ts', [
        ...['pair', '--json', '--socket', srv('lgwan', 'state', 'agent.sock'), '--user', 'tanaka'],
      ]),
    );
    const outcome = await run(
      'client-sim/main.ts',
      [
        ...['--user', 'tanaka', '--credentials', srv('internet'), '--gateway', GATEWAY, '--json'],
        ...['--totp-uri', srv('internet', 'totp'), '--pair-code', pairing.code],
        ...['--type', 'Hello', '--screenshot', srv('internet', 'screen.png')],
      ],
      { place: network.on('internet') },
    );
    expect(outcome.stderr).toBe('');
    expect(JSON.parse(outcome.stdout)).toMatchObject({ desktop: DESKTOP, factors: ['mtls', 'otp'], width: 1280 });
  }, 60_000);

  it.each([
    ['internet', '192.0.2.20'],
    ['internet', '198.51.100.20'],
    ['internet', '198.51.100.30'],
    ['internet', '10.20.0.10'],
    ['management', '203.0.113.10'],
    ['gateway', '198.51.100.20'],
    ['gateway', '198.51.100.30'],
  ])('give %s no route to %s', async (host, address) => {
    const outcome = await run('tests/support/reach.ts', [address, '443'], { place: network.on(host) });
    expect(outcome.stdout.trim()).toBe('ENETUNREACH');
  });

  it.each([
    ['internet', '203.0.113.10'],
    ['management', '10.20.0.10'],
  ])('are reached where the plan says so (positive control): from %s', async (host, address) => {
    const outcome = await run('tests/support/reach.ts', [address, '443'], { place: network.on(host) });
    expect(outcome.stdout.trim()).toBe('connected');
  });

  it('leave nothing listening inside LGWAN but the desktop-side socket file', async () => {
    const table = await run('tests/support/listening.ts', [], { place: network.on('lgwan') });
    expect(table.stdout.trim()).toBe('[]');
    const broker = await run('tests/support/listening.ts', [], { place: network.on('broker') });
    expect(JSON.parse(broker.stdout)).toHaveLength(2);
  });

  it('keep what they make to themselves: keys 0600', () => {
    for (const file of [srv('gateway', 'keys', 'factor.key'), srv('lgwan', 'keys', 'agent-key.pem')]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(srv('gateway', 'state', 'audit.jsonl'), 'utf8')).toContain('sign-in-succeeded');
  });
});
