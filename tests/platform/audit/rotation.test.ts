import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Audit, openAudit } from '#platform/audit/chain.ts';
import { type AuditConfig, auditSchema } from '#platform/audit/config.ts';
import { closedFiles } from '#platform/audit/files.ts';
import { logAt } from '#platform/audit/reading.ts';
import { type VerifyOptions, verifyLog } from '#platform/audit/verify.ts';
import { createLog } from '#platform/process/log.ts';
import { producedIn } from '#tests/support/produced-events.ts';
import { runScript } from '#tests/support/run-script.ts';

const DAY = 24 * 3_600_000;
const NOON = Date.UTC(2026, 3, 1, 12);

describe('the files of an audit log (G5)', () => {
  let folder: string;
  let path: string;
  let time: number;
  let alarms: string[];
  let open: Audit[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-audit-'));
    path = join(folder, 'audit.jsonl');
    time = NOON;
    alarms = [];
    open = [];
  });

  afterEach(() => {
    for (const audit of open) audit.close();
    rmSync(folder, { recursive: true });
  });

  function start(config: Partial<AuditConfig> = {}): Audit {
    const log = createLog('test', { write: (line) => void alarms.push(line) });
    const options = { path, source: 'broker', now: () => time, heartbeatMs: 0, log };
    const audit = openAudit({ ...options, config: { ...auditSchema.parse({}), ...config } });
    open.push(audit);
    return audit;
  }

  const enable = (audit: Audit, count: number) => {
    for (let i = 0; i < count; i++) audit.record('user-enabled', { municipality: '131016', user: `user-${i}` });
  };
  const verdict = (options: VerifyOptions = {}) => {
    const { files, whole } = logAt([folder]);
    return verifyLog(files, { whole, onLine: (line) => void producedIn([line]), ...options });
  };
  const names = (below = '.') => readdirSync(join(folder, below)).filter((name) => name.startsWith('audit'));
  const linesOf = (file: string) =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('are closed by size, each with a signed checkpoint, and hold one chain', async () => {
    const audit = start({ fileBytes: 4_096 });
    enable(audit, 40);
    const closed = closedFiles(path);
    expect(closed.length).toBeGreaterThanOrEqual(3);
    for (const { path: file, first } of closed) {
      const lines = linesOf(file);
      expect(lines[0].sequence).toBe(first);
      expect(lines.at(-1).event).toBe('checkpoint');
      expect(statSync(file).mode & 0o777).toBe(0o400);
      expect(statSync(file).size).toBeLessThan(4_096 + 1_500);
    }
    const [first] = linesOf(path);
    expect(first).toMatchObject({ event: 'log-continued', fields: { file: basename(closed.at(-1)?.path ?? '') } });
    expect(await verdict()).toMatchObject({ intact: true, before: null, signed: { since: 2 }, problems: [] });
    // Each file verifies by itself as well, and says that the ones before it were not given.
    const alone = logAt([closed[1]?.path ?? '']);
    expect(await verifyLog(alone.files)).toMatchObject({ intact: true, before: { said: null } });
  });

  it('are closed with each day, in UTC', async () => {
    const audit = start();
    time = Date.UTC(2026, 3, 1, 23, 59, 59, 999);
    enable(audit, 1);
    expect(names()).toEqual(['audit.jsonl', 'audit.keys']);
    time += 1;
    enable(audit, 1);
    expect(names()).toEqual(['audit-000000000001.jsonl', 'audit.jsonl', 'audit.keys']);
    expect(linesOf(path).map(({ event }) => event)).toEqual(['log-continued', 'user-enabled']);
    expect(await verdict()).toMatchObject({ intact: true, events: 7 });
  });

  it('go on after a restart, and after a crash in the middle of closing one', async () => {
    const first = start();
    enable(first, 1);
    first.checkpoint();
    time += DAY;
    first.close();
    const days = linesOf(path).length;
    start().close();
    expect(linesOf(path).length).toBe(days + 4);
    // Died after the rename: nothing lies under the log's name.
    renameSync(path, join(folder, 'audit-000000000005.jsonl'));
    start().close();
    expect(linesOf(path)[0]).toMatchObject({ event: 'log-continued', fields: { file: 'audit-000000000005.jsonl' } });
    // Died after the next file was made, before its first line, and in the middle of that line.
    for (const left of ['', '{"sequence":99,"ti']) {
      const begun = linesOf(path)[0].sequence;
      renameSync(path, join(folder, `audit-${String(begun).padStart(12, '0')}.jsonl`));
      writeFileSync(path, left);
      start().close();
    }
    expect(await verdict()).toMatchObject({ intact: true, before: null });
    expect(names()).toHaveLength(6);
  });

  it('go on after a crash between a checkpoint and the erasing of its key', async () => {
    const audit = start();
    copyFileSync(join(folder, 'audit.keys'), join(folder, 'keys.before'));
    audit.checkpoint();
    renameSync(join(folder, 'keys.before'), join(folder, 'audit.keys'));
    const again = start();
    again.checkpoint();
    expect(await verdict()).toMatchObject({ intact: true, signed: { since: 2, last: 7 } });
  });

  it('go to the archive after their time, then away, and the log says both', async () => {
    const audit = start({ onlineDays: 2, archiveDays: 3 });
    for (let day = 0; day < 9; day++, time += DAY) {
      enable(audit, 1);
      audit.checkpoint();
      await expect.poll(() => closedFiles(path).length).toBeLessThanOrEqual(3);
    }
    await expect.poll(() => closedFiles(path, join(folder, 'archive')).length).toBeLessThanOrEqual(4);
    const archived = closedFiles(path, join(folder, 'archive'));
    expect(archived.length).toBeGreaterThan(1);
    expect(archived[0]?.first).toBeGreaterThan(1);
    expect(await verdict()).toMatchObject({ intact: true, before: { said: 'removed' } });
    const online = logAt([path, ...closedFiles(path).map((one) => one.path)]);
    expect(await verifyLog(online.files, { whole: 'online' })).toMatchObject({
      intact: true,
      before: { sequence: (closedFiles(path)[0]?.first ?? 0) - 1, said: 'archived' },
    });
    // The same with the archive at another place, which is to be named then.
    renameSync(join(folder, 'archive'), join(folder, 'elsewhere'));
    const without = logAt([folder]);
    expect(without.whole).toBe('online');
    expect(await verifyLog(without.files, without)).toMatchObject({ intact: true, before: { said: 'archived' } });
    const both = logAt([folder, join(folder, 'elsewhere')]);
    expect(await verifyLog(both.files, both)).toMatchObject({ intact: true, before: { said: 'removed' } });
    // Somebody else removed the oldest file: no event says so.
    rmSync(join(folder, 'elsewhere', basename(archived[0]?.path ?? '')));
    const less = logAt([folder, join(folder, 'elsewhere')]);
    const { intact, problems } = await verifyLog(less.files, less);
    expect(intact).toBe(false);
    expect(problems[0]?.problem).toMatch(/^begins after event \d+, and no event says that those before it went$/);
  });

  it('stay where they are while the archive cannot be written, with a line for the operator', async () => {
    const audit = start({ onlineDays: 1, archive: join(path, 'below-a-file') });
    for (let day = 0; day < 4; day++, time += DAY) enable(audit, 1);
    await expect.poll(() => alarms.join('')).toMatch(/could not be archived or removed/);
    expect(closedFiles(path)).toHaveLength(3);
    expect(audit.healthy).toBe(true);
  });

  it('show a file that was taken out, changed or put in another place', async () => {
    const audit = start({ fileBytes: 4_096 });
    enable(audit, 40);
    audit.checkpoint();
    const [first, second] = closedFiles(path).map((one) => one.path);
    if (!first || !second) throw new Error('no two files');
    const problems = async () => (await verdict()).problems.map(({ file, problem }) => `${basename(file)}: ${problem}`);
    const away = join(dirname(second), 'away');
    renameSync(second, away);
    expect((await problems())[0]).toMatch(/: event \d+ follows event \d+: deleted, inserted or reordered$/);
    renameSync(away, second);
    expect(await problems()).toEqual([]);
    chmodSync(second, 0o600);
    const size = statSync(second).size;
    const bytes = readFileSync(second);
    truncateSync(second, bytes.subarray(0, size - 1).lastIndexOf('\n') + 1);
    expect((await problems())[0]).toMatch(/deleted, inserted or reordered$/);
    // A line cut off at the front, in the only file that is given.
    writeFileSync(second, bytes.subarray(bytes.indexOf('\n') + 1));
    expect((await verifyLog(logAt([second]).files)).intact).toBe(false);
    writeFileSync(second, bytes);
    expect(await problems()).toEqual([]);
  });

  it('do not go on in a file that somebody put there', () => {
    const audit = start({ fileBytes: 4_096 });
    enable(audit, 40);
    rmSync(path);
    writeFileSync(path, 'planted\n');
    enable(audit, 1);
    expect(audit.healthy).toBe(false);
    expect(alarms.at(-1)).toMatch(/AUDIT LOG CANNOT BE WRITTEN/);
  });

  it('can be closed on a disk that is full as soon as there is room, and the chain says what was lost', async () => {
    const { stdout, exitCode } = await runScript(`
      import { execFileSync } from 'node:child_process';
      import { openAudit } from '#platform/audit/chain.ts';
      import { auditSchema } from '#platform/audit/config.ts';
      const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':unlimited']);
      const config = { ...auditSchema.parse({}), fileBytes: 4096 };
      let day = 0;
      const now = () => Date.UTC(2026, 3, 1 + day);
      const audit = openAudit({ path: ${JSON.stringify(path)}, source: 'broker', now, heartbeatMs: 0, config });
      const enable = () => audit.record('user-enabled', { municipality: '131016', user: 'u' });
      enable();
      // Room for nothing more: neither the checkpoint that closes the file nor the keys after it.
      limit(1);
      day++;
      enable();
      enable();
      const during = audit.healthy;
      limit('unlimited');
      enable();
      console.log(JSON.stringify({ during, after: audit.healthy }));
      audit.close();
    `);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ during: false, after: true });
    expect(await verdict()).toMatchObject({ intact: true, lost: 2 });
    expect(closedFiles(path)).toHaveLength(1);
    expect(linesOf(path).map(({ event }) => event)).toContain('user-enabled');
  });

  it('go on after a crash in front of, or inside, any call to the file system', async () => {
    const { stdout, exitCode, stderr } = await runScript(`
      import fs, { mkdtempSync } from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      import { join } from 'node:path';
      import { setImmediate } from 'node:timers/promises';
      import { openAudit } from '#platform/audit/chain.ts';
      import { auditSchema } from '#platform/audit/config.ts';
      import { logAt } from '#platform/audit/reading.ts';
      import { verifyLog } from '#platform/audit/verify.ts';

      const config = { ...auditSchema.parse({}), fileBytes: 1024, onlineDays: 1, archiveDays: 1 };
      const log = { error() {}, warn() {} };
      let now = 0;
      const open = (folder) => openAudit({ path: join(folder, 'audit.jsonl'), source: 'broker', now: () => now, heartbeatMs: 0, log, config });
      async function work(audit, days) {
        for (let day = 0; day < days; day++, now += 86_400_000) {
          audit.record('user-enabled', { municipality: '131016', user: 'u' });
          audit.checkpoint();
          await setImmediate();
        }
      }

      const CALLS = ['openSync', 'writeSync', 'writeFileSync', 'renameSync', 'fsyncSync', 'fdatasyncSync', 'closeSync',
        'fchmodSync', 'chmodSync', 'ftruncateSync', 'unlinkSync', 'mkdirSync'];
      const real = Object.fromEntries(CALLS.map((name) => [name, fs[name]]));
      // What a process has written stays when it dies; only a power cut would need the disk.
      real.fsyncSync = real.fdatasyncSync = () => {};
      fs.fdatasync = (_, done) => setImmediate().then(() => done(null));
      let left = Infinity;
      let dying = '';
      for (const name of CALLS) {
        fs[name] = (...args) => {
          if (left-- > 0) return real[name](...args);
          dying ||= name;
          // The first part of a write may reach the disk.
          if (left === -1 && /^write/.test(name)) real[name](args[0], String(args[1]).slice(0, 100));
          throw new Error('dead');
        };
      }
      syncBuiltinESMExports();

      const results = [];
      for (let calls = 0; ; calls++) {
        const folder = mkdtempSync(${JSON.stringify(join(folder, 'crash-'))});
        now = Date.UTC(2026, 3, 1);
        left = calls;
        dying = '';
        try { await work(open(folder), 4); } catch {}
        const died = dying;
        left = Infinity;
        const audit = open(folder);
        await work(audit, 2);
        audit.close();
        const { files, whole } = logAt([folder]);
        const { intact, problems, lost, before, signed, events } = await verifyLog(files, { whole });
        results.push({ calls, died, intact, problems, lost, signed, said: before?.said ?? null });
        if (!died) break;
      }
      console.log(JSON.stringify(results));
    `);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const results: { calls: number; died: string; intact: boolean; problems: unknown; lost: number }[] =
      JSON.parse(stdout);
    expect(results.filter(({ intact }) => !intact)).toEqual([]);
    expect(results.filter(({ lost }) => lost > 0)).toEqual([]);
    // Each kind of call was the last one at some time, and the run without a crash archived and removed.
    expect(results.length).toBeGreaterThan(60);
    expect(new Set(results.map(({ died }) => died)).size).toBeGreaterThanOrEqual(9);
    expect(results.at(-1)).toMatchObject({ died: '', said: 'removed' });
  }, 120_000);

  it('begin unsigned in a log of an earlier version, which is taken over with a clear line in it', async () => {
    const audit = start();
    enable(audit, 2);
    audit.close();
    // As version 1 left it: no keys, and no event that names one.
    const old = linesOf(path).filter(({ event }) => event === 'process-started');
    writeFileSync(path, `${old.map((line) => JSON.stringify(line)).join('\n')}\n`);
    rmSync(join(folder, 'audit.keys'));
    const now = start();
    now.checkpoint();
    expect(linesOf(path).map(({ event }) => event)).toEqual([
      'process-started',
      'process-started',
      'signing-started',
      'checkpoint',
      'checkpoint',
    ]);
    expect(await verdict()).toMatchObject({ intact: true, signed: { since: 3, last: 5 } });
    expect(existsSync(join(folder, 'audit.keys'))).toBe(true);
  });
});
