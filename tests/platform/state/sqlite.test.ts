import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '#platform/process/exit.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import { runScript } from '#tests/support/run-script.ts';
import { storeContract } from './contract.ts';

storeContract('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tw-state-'));
  let time = 1_800_000_000_000;
  return {
    open: () => openSqliteStore(join(folder, 'state.db'), { now: () => time }),
    advance: (ms) => {
      time += ms;
    },
    now: () => time,
    remove: async () => rmSync(folder, { recursive: true }),
  };
});

describe('the sqlite state file', () => {
  let folder: string;
  let path: string;
  const now = () => 1_800_000_000_000;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-state-'));
    path = join(folder, 'state.db');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function openError(): string {
    try {
      void openSqliteStore(path, { now }).close();
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      return (error as Failure).message;
    }
    return 'opened';
  }

  it('is readable by its owner only, with the files beside it and a folder it had to make', async () => {
    path = join(folder, 'new/state.db');
    const store = openSqliteStore(path, { now });
    await store.put('a', 1);
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
    await store.close();
    chmodSync(path, 0o644);
    await openSqliteStore(path, { now }).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is refused in one line when it is something else', () => {
    writeFileSync(path, 'this is no database at all, but it is long enough to look at'.repeat(40));
    expect(openError()).toMatch(/state\.db: cannot be used as a state file \(file is not a database\)$/);
  });

  it("is refused, and left as it was, when it is somebody else's database", () => {
    const foreign = new DatabaseSync(path);
    foreign.exec('CREATE TABLE theirs (x)');
    foreign.close();
    const before = readFileSync(path);
    expect(openError()).toMatch(/state\.db: not a state file of ours$/);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  it('is refused when a newer version wrote it', async () => {
    await openSqliteStore(path, { now }).close();
    const later = new DatabaseSync(path);
    later.exec('PRAGMA user_version = 2');
    later.close();
    expect(openError()).toMatch(/written in format 2, this version reads format 1$/);
  });

  it('is refused when it is damaged', async () => {
    const store = openSqliteStore(path, { now });
    for (let i = 0; i < 300; i++) await store.put(`key/${i}`, 'x'.repeat(200));
    await store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 3 * 4096, bytes.length - 4096);
    writeFileSync(path, bytes);
    expect(openError()).toMatch(/state\.db: (the state file is damaged|cannot be used as a state file)/);
  });

  it('is refused when its place cannot be written', () => {
    writeFileSync(join(folder, 'file'), '');
    path = join(folder, 'file/state.db');
    expect(openError()).toMatch(/file\/state\.db: the state file cannot be written \((ENOTDIR|EEXIST)\)$/);
    path = join(folder, 'folder');
    mkdirSync(path);
    expect(openError()).toMatch(/folder: the state file cannot be written \(EISDIR\)$/);
  });

  it('lets exactly one of two processes win each of 1000 races', { timeout: 60_000 }, async () => {
    const contender = (name: string) =>
      runScript(`
        import { openSqliteStore } from '#platform/state/sqlite.ts';
        const store = openSqliteStore(${JSON.stringify(path)}, { now: Date.now });
        await store.put('here/${name}', true);
        while ((await store.list('here/')).length < 2) {}
        const won = [];
        for (let i = 0; i < 1000; i++) if ((await store.compareAndSwap('race/' + i, 0, '${name}')) !== null) won.push(i);
        console.log(JSON.stringify(won));
        await store.close();
      `);
    const [a, b] = await Promise.all([contender('a'), contender('b')]);
    expect([a.stderr, b.stderr]).toEqual(['', '']);
    const won = [...JSON.parse(a.stdout), ...JSON.parse(b.stdout)];
    expect(new Set(won).size).toBe(1000);
    expect(won).toHaveLength(1000);
  });

  it('says STATE_UNWRITABLE when the disk is full, keeps what it had, and writes again when there is room', async () => {
    // The shell's file size limit stands for the full disk; Node ignores its signal and gets an error from write().
    const { stdout, stderr } = await runScript(
      `
        import { openSqliteStore } from '#platform/state/sqlite.ts';
        const store = openSqliteStore(${JSON.stringify(path)}, { now: Date.now });
        await store.put('kept', 'before');
        let refused;
        for (let i = 0; i < 1000 && !refused; i++) {
          await store.put('fill/' + i, 'x'.repeat(8192)).catch((error) => { refused = error; });
        }
        console.log(JSON.stringify({ reason: refused?.reason, kept: (await store.get('kept')).value }));
        process.exit(0);
      `,
      { fileSizeMaxKiB: 256 },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ reason: 'STATE_UNWRITABLE', kept: 'before' });
    const store = openSqliteStore(path, { now });
    expect((await store.get('kept'))?.value).toBe('before');
    await store.put('kept', 'after');
    await store.close();
  });
});
