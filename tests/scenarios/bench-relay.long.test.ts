import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountingIsThere } from '#bench/peers/accounting.ts';
import { installPackages, presentPeers } from '#bench/peers/install.ts';
import type { Timing } from '#bench/peers/plan.ts';
import { measureRelay } from '#bench/peers/relay.ts';
import { relaySchema } from '#bench/relay-result.ts';

const SHORT: Timing = { rounds: 1, tierRounds: 1, idleRounds: 0, warmUpMs: 50, measureMs: 150, tiers: ['100Mbps'] };

/** Of the scenario's own processes: each has a path of its own on its command line. */
const leftBehind = () =>
  execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /bench\/peers\/[\w-]+\.ts|telework-relay-/.test(line) && line.includes(process.cwd()));

/** Of this very process: several runs may be going on. */
const childrenThatRun = (file: string) =>
  execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(file))
    .map((line) => Number.parseInt(line, 10));

/** Debian's. MeshCentral comes by npm with packages of its own, and may be missing. */
const missingOfDebian = () => presentPeers().filter(({ id, missing }) => missing !== null && id !== 'meshcentral');

describe.skipIf(!accountingIsThere())('the relay scenario', () => {
  beforeAll(async () => {
    const may = process.getuid?.() === 0 && existsSync('/etc/debian_version');
    if (!may || missingOfDebian().length === 0) return;
    await installPackages(() => {});
    expect(missingOfDebian()).toEqual([]);
  }, 300_000);

  it('measures our relay beside those that are there, and names the others', async () => {
    const steps: string[] = [];
    const result = await measureRelay({ timing: SHORT, progress: (_, what) => steps.push(what) });
    relaySchema.parse(result);
    expect(result.cpuSecondsPerGB.us).toBeGreaterThan(0);
    expect(result.cpuSecondsPerGB.ws).toBeGreaterThan(0);
    for (const { id, missing } of result.peers) {
      if (missing === null) expect(result.cpuSecondsPerGB[id], id).toBeGreaterThan(0);
      else expect(result.cpuSecondsPerGB[id], id).toBeNull();
    }
    expect(result.probeMs.saturated.us?.count).toBeGreaterThan(10);
    expect(result.oneWayMs.direct?.count).toBeGreaterThan(10);
    expect(result.residenceMs?.count).toBeGreaterThan(0);
    expect(steps).toContain('us saturated');
    expect(leftBehind()).toEqual([]);
  }, 120_000);

  it('goes on without a relay that is killed in the middle, and names it', async () => {
    const result = await measureRelay({
      timing: { ...SHORT, rounds: 2 },
      progress(_, what) {
        if (what === 'ws saturated')
          setTimeout(() => childrenThatRun('ws-process.ts').map((pid) => process.kill(pid)), 120);
      },
    });
    relaySchema.parse(result);
    expect(result.peers.find(({ id }) => id === 'ws')?.missing).toMatch(/^failed \(saturated\): [^\n]+$/);
    expect(result.cpuSecondsPerGB.us).toBeGreaterThan(0);
    expect(result.oneWayMs.direct?.count).toBeGreaterThan(10);
    expect(leftBehind()).toEqual([]);
  }, 120_000);

  it('hands over what it has when it is stopped, and leaves no process', async () => {
    const stop = new AbortController();
    const result = await measureRelay({
      timing: SHORT,
      signal: stop.signal,
      // A run in the second half of the plan goes on when the signal comes.
      progress: (done) => done > 0.5 && setTimeout(() => stop.abort(), 20),
    });
    relaySchema.parse(result);
    expect(result.runs.length).toBeGreaterThan(0);
    expect(result.oneWayMs.direct).toBeNull();
    expect(leftBehind()).toEqual([]);
  }, 120_000);
});
