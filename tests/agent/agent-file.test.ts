import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AgentFile, followAgentFile } from '#agent/agent-file.ts';
import { type AgentConfig, readAgentConfig } from '#agent/config.ts';
import { readGrantPin } from '#agent/grant-pin.ts';
import { Home, type Settings } from '#agent/home.ts';
import { makeGrantKey } from '#gateway/grants.ts';
import { LOOK_INTERVAL_MS } from '#platform/process/file-state.ts';
import { refusalFrom } from '#protocol/codes.ts';
import { memoryAudit } from '#tests/support/broker.ts';
import { until } from '#tests/support/memory-link.ts';

const deployed = JSON.parse(readFileSync('deploy/agent.json', 'utf8'));
const office = (name: string) => ({ name, kind: 'office' });

let folder: string;
let path: string;
let home: Home;
let changes: number;
let audit: ReturnType<typeof memoryAudit>;
let logged: [string, string][];
let file: AgentFile;
/** kids of the two keys */
let kids: [string, string];

const write = (changed: object | string) => {
  const content = typeof changed === 'string' ? changed : JSON.stringify({ ...deployed, ...changed });
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
};
const settingsOf = async ({ desktops, grantKeys }: AgentConfig): Promise<Settings> => ({
  desktops: new Map(desktops.map(({ name }) => [`131016/soumu/${name}`, () => Promise.reject(new Error('closed'))])),
  pins: await Promise.all(grantKeys.map(readGrantPin)),
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'telework-agent-file-'));
  mkdirSync(join(folder, 'tls'));
  path = join(folder, 'agent.json');
  for (const name of ['old', 'new']) makeGrantKey(join(folder, `${name}.pem`));
  const pins = await Promise.all(['old', 'new'].map((name) => readGrantPin(join(folder, `${name}.pub.pem`))));
  kids = pins.map(({ kid }) => kid) as [string, string];
  write({ desktops: [office('pc-01'), office('pc-02')], grantKeys: ['old.pub.pem'] });
  changes = 0;
  logged = [];
  audit = memoryAudit();
  const say = (level: string) => (fields: unknown, line?: string) => void logged.push([level, line ?? String(fields)]);
  const config = readAgentConfig(path);
  home = new Home('131016', await settingsOf(config));
  home.watch(() => void changes++);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const log = { info: say('info'), warn: say('warn'), error: say('error') };
  file = followAgentFile({ path, config, home, settingsOf, audit, log });
  await looks(1);
  changes = 0;
});
afterEach(() => {
  file.stop();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** Two looks: one that sees the change, one that sees it rest. Waits until `times` readings have been told. */
async function looks(times: number): Promise<void> {
  const before = changes + failures();
  vi.advanceTimersByTime(2 * LOOK_INTERVAL_MS);
  await until('it is read', () => changes + failures() === before + times);
}
const failures = () => audit.of('settings-unusable').length;
const offered = () => [...home.desktops.keys()];
const usable = () => {
  try {
    home.requireUsable();
    return true;
  } catch (error) {
    expect(refusalFrom(error).reason).toBe('SETTINGS_UNUSABLE');
    return false;
  }
};

describe('a change of agent.json', () => {
  it('withdraws and offers desktops within two looks, and is written down', async () => {
    write({ desktops: [office('pc-02'), office('pc-03')], grantKeys: ['old.pub.pem'] });
    await looks(1);
    expect(offered()).toEqual(['131016/soumu/pc-02', '131016/soumu/pc-03']);
    expect(audit.events).toEqual([
      { event: 'desktop-withdrawn', municipality: '131016', desktop: '131016/soumu/pc-01' },
      { event: 'desktop-offered', municipality: '131016', desktop: '131016/soumu/pc-03' },
    ]);
    vi.advanceTimersByTime(10 * LOOK_INTERVAL_MS);
    expect(changes).toBe(1);
  });

  it('rolls the pin of the grant key over: two, then the new one', async () => {
    const desktops = [office('pc-01'), office('pc-02')];
    write({ desktops, grantKeys: ['old.pub.pem', 'new.pub.pem'] });
    await looks(1);
    expect(home.pins.map(({ kid }) => kid)).toEqual(kids);
    write({ desktops, grantKeys: ['new.pub.pem'] });
    await looks(1);
    expect(home.pins.map(({ kid }) => kid)).toEqual([kids[1]]);
    expect(audit.events).toEqual([
      { event: 'grant-pin-added', kid: kids[1] },
      { event: 'grant-pin-withdrawn', kid: kids[0] },
    ]);
  });

  it('that cannot be used lets nobody new in, keeps what was there, and says which key is wrong', async () => {
    write({ desktops: [], grantKeys: ['old.pub.pem'] });
    await looks(1);
    expect([usable(), offered().length, changes]).toEqual([false, 2, 0]);
    expect(logged.at(-1)).toEqual(['error', expect.stringContaining('"desktops"')]);
    write({ desktops: [office('pc-01')], grantKeys: ['old.pub.pem'] });
    await looks(1);
    expect([usable(), offered().length]).toEqual([true, 1]);
  });

  it.each<[string, () => void]>([
    ['is cut off in the middle', () => write('{"desktops":')],
    ['is gone', () => rmSync(path)],
    ['names a pin that is gone', () => rmSync(join(folder, 'old.pub.pem'))],
    ['names a pin that is no key', () => writeFileSync(join(folder, 'old.pub.pem'), 'no key')],
  ])('is not usable when it %s', async (_, damage) => {
    damage();
    await looks(1);
    expect([usable(), failures()]).toEqual([false, 1]);
  });

  it('takes over a pin that another key was written into', async () => {
    renameSync(join(folder, 'new.pub.pem'), join(folder, 'old.pub.pem'));
    await looks(1);
    expect(home.pins.map(({ kid }) => kid)).toEqual([kids[1]]);
  });

  it('is not taken over for anything else, and says so', async () => {
    write({ desktops: [office('pc-01')], grantKeys: ['old.pub.pem'], limits: { idleSeconds: 60 } });
    await looks(1);
    expect(logged).toContainEqual(['warn', expect.stringContaining('restart for the rest')]);
    expect(offered()).toEqual(['131016/soumu/pc-01']);
  });

  it('is waited for until the file rests, unless somebody asks', async () => {
    write({ desktops: [office('pc-01')], grantKeys: ['old.pub.pem'] });
    vi.advanceTimersByTime(LOOK_INTERVAL_MS);
    write({ desktops: [office('pc-02')], grantKeys: ['old.pub.pem'] });
    vi.advanceTimersByTime(LOOK_INTERVAL_MS);
    expect(changes).toBe(0);
    await file.reload();
    expect(offered()).toEqual(['131016/soumu/pc-02']);
  });
});

it('finds a change that fell between the first reading and the first look', async () => {
  file.stop();
  const config = readAgentConfig(path);
  write({ desktops: [office('pc-01')], grantKeys: ['old.pub.pem'] });
  const log = { info() {}, warn() {}, error() {} };
  file = followAgentFile({ path, config, home, settingsOf, audit, log });
  await looks(1);
  expect(offered()).toEqual(['131016/soumu/pc-01']);
});
