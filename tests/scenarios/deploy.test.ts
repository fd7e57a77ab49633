// The configuration files and firewall rules of deploy/, exactly as they lie there, on the hosts, addresses and names that
// they say, with a teleworker and administrators outside. What a host may not reach, it does not reach.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DESKTOP, type Deployment, deploy } from '#lab/deployment.ts';
import { run } from '#lab/process.ts';
import { openTo, socketsOf } from '#lab/sockets.ts';
import { needs, needsRoot } from '#tests/support/need.ts';

const able = needs('ip', 'nft', 'setpriv') && needsRoot();

describe.skipIf(!able)('the hosts of deploy/', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tw-deploy-'));
  let deployed: Deployment;

  beforeAll(async () => {
    deployed = await deploy({ folder });
  }, 90_000);

  afterAll(async () => {
    await deployed?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('carry a teleworker from the internet to the desktop, on port 443, by name', async () => {
    const outcome = await deployed.work({ pair: true, otpAge: 0 });
    expect(outcome.stderr).toBe('');
    expect(JSON.parse(outcome.stdout)).toMatchObject({ desktop: DESKTOP, factors: ['mtls', 'otp'], width: 1280 });
  }, 60_000);

  it.each([
    ['internet', '192.0.2.20'],
    ['internet', '198.51.100.20'],
    ['internet', '10.30.0.30'],
    ['internet', '10.20.0.10'],
    ['management', '203.0.113.10'],
    ['gateway', '198.51.100.20'],
    ['gateway', '10.30.0.30'],
  ])('give %s no route to %s', async (host, address) => {
    const outcome = await run('lab/reach.ts', [address, '443'], { place: deployed.network.on(host) });
    expect(outcome.stdout.trim()).toBe('ENETUNREACH');
  });

  it.each([
    ['internet', '203.0.113.10'],
    ['management', '10.20.0.10'],
  ])('are reached where the plan says so (positive control): from %s', async (host, address) => {
    const outcome = await run('lab/reach.ts', [address, '443'], { place: deployed.network.on(host) });
    expect(outcome.stdout.trim()).toBe('connected');
  });

  it('leave nothing listening inside LGWAN but the desktop-side socket file', () => {
    const { agent, broker } = deployed.processes;
    expect(openTo(socketsOf(agent.pid))).toEqual([]);
    expect(openTo(socketsOf(broker.pid))).toEqual(['tcp 192.0.2.20:443', 'tcp 198.51.100.20:443']);
  });

  it('keep what they make to themselves: keys 0600', () => {
    for (const file of [deployed.on('gateway', 'keys', 'factor.key'), deployed.on('lgwan', 'keys', 'agent-key.pem')]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(deployed.on('gateway', 'state', 'audit.jsonl'), 'utf8')).toContain('sign-in-succeeded');
  });
});
