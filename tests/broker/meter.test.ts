import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meterHandlers, stateFile } from '#broker/meter-handlers.ts';
import { Metering } from '#broker/metering.ts';
import { serveLocal } from '#platform/process/local-socket.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import type { Store } from '#platform/state/store.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import { run } from '#tests/support/run-script.ts';

const NOVEMBER = Date.UTC(2026, 10, 30, 14);
const RATES = { basicYen: 5_000, perGigabyteYen: 100, perSessionMinuteYen: 0.5 };

const folder = mkdtempSync(join(tmpdir(), 'telework-meter-'));
const config = join(folder, 'broker.json');
const socket = join(folder, 'admin.sock');
let store: Store;
let served: { close(): Promise<void> };

beforeAll(async () => {
  const tls = { key: 'k', certificate: 'c', authorities: 'a', revocations: 'r' };
  const side = { listen: { host: '127.0.0.1', port: 0 }, tls };
  const broker = { gatewaySide: side, agentSide: side, line: { tier: '10Mbps' }, state: 'state', usageRates: RATES };
  writeFileSync(config, JSON.stringify(broker));
  mkdirSync(join(folder, 'state'));
  store = openSqliteStore(stateFile(join(folder, 'state')), { now: () => NOVEMBER });
  let ms = 0;
  const clock = { monotonic: () => ms, wall: () => NOVEMBER + ms };
  const log = { error() {}, warn() {} };
  const metering = new Metering({ store, life: 'life', log, clock });
  metering.begin('131016');
  metering.sent('131016', Direction.outward, 31_000_000_000, 32_400_000_000);
  metering.sent('131016', Direction.inward, 40_000_000, 70_000_000);
  metering.begin('999999');
  ms = 1_800_000;
  metering.end('999999');
  ms = 3_600_000;
  metering.end('131016');
  await metering.flush();
  metering.begin('131016');
  ms += 90_000;
  await metering.flush();
  served = await serveLocal(
    socket,
    meterHandlers({ store, write: () => metering.write(), terms: () => ({ tier: '10Mbps', rates: RATES }) }),
  );
}, 60_000);

afterAll(async () => {
  await served?.close();
  await store?.close();
  rmSync(folder, { recursive: true, force: true });
});

const meter = (...args: string[]) =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', 'broker/meter.ts', ...args]);

describe('npm run meter', () => {
  it('prints one CSV line a month and municipality, as RFC 4180 has it', async () => {
    const { exitCode, stdout, stderr } = await meter('--socket', socket, '--csv');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\r\n')).toEqual([
      'month,municipality,sessions,session_minutes,inward_payload_bytes,inward_wire_bytes,outward_payload_bytes,' +
        'outward_wire_bytes,line_percent,usage_yen',
      '2026-11,131016,1,60,40000000,70000000,31000000000,32400000000,1,8277',
      '2026-11,999999,1,30,0,0,0,0,0,5015',
      '2026-12,131016,1,1.5,0,0,0,0,0,5001',
      '',
    ]);
  });

  it('prints the same from the state of a broker that does not run, as one object', async () => {
    const { exitCode, stdout } = await meter('--config', config, '--json', '--month', '2026-11');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      line: {
        tier: '10Mbps',
        yearlyYen: { onePrefecture: 796_000, manyPrefectures: 3_076_000 },
        monthlyYen: { onePrefecture: 66_333, manyPrefectures: 256_333 },
        reducible: true,
      },
      usageRates: RATES,
      rows: [
        {
          month: '2026-11',
          municipality: '131016',
          sessions: 1,
          sessionSeconds: 3_600,
          sessionMinutes: 60,
          inward: { payloadBytes: 40_000_000, wireBytes: 70_000_000 },
          outward: { payloadBytes: 31_000_000_000, wireBytes: 32_400_000_000 },
          linePercent: 1,
          // 5,000 + 32.47 GB × 100 + 60 min × 0.5
          usageYen: 8_277,
        },
        expect.objectContaining({ municipality: '999999', sessionSeconds: 1_800, usageYen: 5_015 }),
      ],
    });
  });

  it('prints a table with totals for people, in Japanese and English, and what the line costs', async () => {
    const { stdout } = await meter('--socket', socket);
    expect(stdout).toContain('2026-11 (日本時間 / JST)');
    expect(stdout).toMatch(
      / {2}131016 +1 +60\.00 +40,000,000 +70,000,000 +31,000,000,000 +32,400,000,000 +1\.0000 +8,277\n/,
    );
    expect(stdout).toMatch(/ {2}total +2 +90\.00 .* 13,292\n/);
    expect(stdout).toContain('within one prefecture   796,000 円/年 (66,333 円/月)');
    expect(stdout).toContain('The reduced fee is possible');
  });

  it('says that nothing was used in a month without usage', async () => {
    const { exitCode, stdout } = await meter('--socket', socket, '--month', '2020-01');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('利用はありません。/ Nothing has been used.');
  });

  it.each([
    [['--what'], 2, /^Unknown option '--what'/],
    [['extra'], 2, /^unexpected argument "extra"/],
    [['--csv', '--json'], 2, /^give --csv or --json/],
    [['--socket', 'a', '--config', 'b'], 2, /^give --socket or --config/],
    [['--month', '2026-13'], 2, /^--month must be a month/],
    [['--month'], 2, /--month/],
    [['--socket', join(folder, 'nobody.sock')], 1, /nobody\.sock: nothing answers there; is the process running\?/],
    [['--config', join(folder, 'missing.json')], 1, /missing\.json: cannot be read \(ENOENT\)/],
    [['--config', join(folder, 'unused.json')], 1, /broker\.db: there is no such state; has this broker ever run\?/],
  ])('refuses %j in one line', async (args, code, line) => {
    const other = { ...JSON.parse(readFileSync(config, 'utf8')), state: 'elsewhere' };
    writeFileSync(join(folder, 'unused.json'), JSON.stringify(other));
    const { exitCode, stdout, stderr } = await meter(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(line)]);
  });

  it('says in one line that a row cannot be read, rather than billing too little', async () => {
    await store.put('usage/2026-10/broken', { 131016: 'many' });
    const { exitCode, stdout, stderr } = await meter('--config', config, '--csv');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^the metered usage usage\/2026-10\/broken cannot be read[^\n]*\n$/);
  });
});
