import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LineConfig, readBrokerConfig } from '#broker/config.ts';
import { followLine, type LineFile } from '#broker/line-file.ts';
import { LOOK_INTERVAL_MS } from '#platform/process/file-state.ts';
import { memoryAudit } from '#tests/support/broker.ts';

const deployed = JSON.parse(readFileSync('deploy/broker.json', 'utf8'));

let folder: string;
let path: string;
let changes: LineConfig[];
let audit: ReturnType<typeof memoryAudit>;
let logged: [string, string][];
let file: LineFile;

const write = (content: unknown) => {
  writeFileSync(`${path}.new`, typeof content === 'string' ? content : JSON.stringify(content));
  renameSync(`${path}.new`, path);
};
const withTier = (tier: string) => ({ ...deployed, line: { ...deployed.line, tier } });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'telework-line-'));
  path = join(folder, 'broker.json');
  write(deployed);
  changes = [];
  logged = [];
  audit = memoryAudit();
  const say = (level: string) => (fields: unknown, line?: string) => void logged.push([level, line ?? String(fields)]);
  vi.useFakeTimers();
  file = followLine({
    path,
    config: readBrokerConfig(path),
    shaper: { change: (line) => void changes.push(line) },
    audit,
    log: { info: say('info'), warn: say('warn'), error: say('error') },
  });
});
afterEach(() => {
  file.stop();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const looks = (count: number) => vi.advanceTimersByTime(count * LOOK_INTERVAL_MS);

describe('a change of the line in broker.json', () => {
  it('is taken over within two looks and written down', () => {
    write(withTier('100Mbps'));
    looks(2);
    expect(changes).toEqual([expect.objectContaining({ tier: '100Mbps' })]);
    expect(audit.events).toEqual([{ event: 'line-changed', tier: '100Mbps', before: '10Mbps' }]);
    expect(logged).toEqual([['info', 'the line has changed']]);
    looks(10);
    expect(changes).toHaveLength(1);
  });

  it('is taken over at once when somebody says so, and not once more for the file', () => {
    write(withTier('1Gbps'));
    file.reload();
    expect(changes).toHaveLength(1);
    looks(4);
    expect(changes).toHaveLength(1);
  });

  it('waits while somebody is still writing', () => {
    writeFileSync(path, '{"line":');
    looks(1);
    writeFileSync(path, '{"line": {');
    looks(1);
    writeFileSync(path, JSON.stringify(withTier('50Mbps')));
    looks(2);
    expect(changes).toEqual([expect.objectContaining({ tier: '50Mbps' })]);
    expect(audit.of('line-kept')).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['of an unknown tier', withTier('20Mbps'), /"line\.tier": a tier is one of 10Mbps, /],
    ['in a file that is no JSON', '{', /not valid JSON/],
    ['in a file with another fault', { ...withTier('1Gbps'), debug: true }, /unknown key "debug"/],
  ])('%s leaves everything as it is, says so once, and is written down', (_, content, line) => {
    write(content);
    looks(5);
    expect(changes).toEqual([]);
    expect(logged).toEqual([['error', expect.stringMatching(line)]]);
    expect(audit.events).toEqual([{ event: 'line-kept', tier: '10Mbps', detail: expect.stringMatching(line) }]);
    write(withTier('200Mbps'));
    looks(2);
    expect(audit.of('line-changed')).toMatchObject([{ tier: '200Mbps', before: '10Mbps' }]);
  });

  it('survives that the file is gone for a while', () => {
    rmSync(path);
    looks(3);
    write(withTier('500Mbps'));
    looks(2);
    expect(logged.map(([level]) => level)).toEqual(['error', 'info']);
    expect(changes).toHaveLength(1);
  });

  it('of the shares alone is one, too', () => {
    write({ ...deployed, line: { tier: '10Mbps' } });
    looks(2);
    expect(audit.events).toEqual([{ event: 'line-changed', tier: '10Mbps', before: '10Mbps' }]);
  });
});

describe('a change of anything else', () => {
  it('changes nothing and says that it takes a restart', () => {
    write({ ...deployed, state: 'elsewhere' });
    looks(2);
    expect(changes).toEqual([]);
    expect(audit.events).toEqual([]);
    expect(logged).toEqual([['warn', expect.stringMatching(/only "line" is taken over/)]]);
  });

  it('is not even mentioned if only the form is another', () => {
    write(JSON.stringify(deployed, null, 8));
    looks(2);
    file.reload();
    expect([changes, audit.events, logged]).toEqual([[], [], []]);
  });
});
