import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Anchor, type Audit, openAudit, requireHealthy } from '#platform/audit/chain.ts';
import { verifyLog } from '#platform/audit/verify.ts';
import { Failure } from '#platform/process/exit.ts';
import { createLog } from '#platform/process/log.ts';
import { producedIn } from '#tests/support/produced-events.ts';
import { runScript } from '#tests/support/run-script.ts';

const START = Date.UTC(2026, 3, 1, 0, 0, 0);
const SOURCE = 'gateway/-/test';

describe('the audit log of a process', () => {
  let folder: string;
  let path: string;
  let time: number;
  let alarms: string[];
  let open: Audit[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-audit-'));
    path = join(folder, 'log/audit.jsonl');
    time = START;
    alarms = [];
    open = [];
  });

  afterEach(() => {
    for (const audit of open) audit.close();
    rmSync(folder, { recursive: true });
  });

  function start(options: { source?: string; onCheckpoint?: (anchor: Anchor) => void } = {}): Audit {
    const log = createLog('test', { write: (line) => void alarms.push(line) });
    const audit = openAudit({ path, source: SOURCE, now: () => time, heartbeatMs: 0, log, ...options });
    open.push(audit);
    return audit;
  }

  const lines = () => readFileSync(path, 'utf8').trimEnd().split('\n');
  const events = () => producedIn(lines().map((line) => JSON.parse(line)));
  const verdict = (anchors: Anchor[] = []) => verifyLog([{ name: path, chunks: [readFileSync(path)] }], { anchors });

  function failure(work: () => unknown): string {
    try {
      work();
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      return (error as Failure).message;
    }
    return 'no failure';
  }

  it('holds one JSON object a line, numbered, dated in UTC and chained from 64 zeros', async () => {
    const audit = start();
    time += 1500;
    audit.record('sign-in-refused', { reason: 'TOTP_WRONG', municipality: '131016', user: 'tanaka' });
    const [first, signing, signed, second] = events();
    expect(first).toMatchObject({ sequence: 1, event: 'process-started', previous: '0'.repeat(64), source: SOURCE });
    expect(second).toMatchObject({
      sequence: 4,
      time: '2026-04-01T00:00:01.500Z',
      event: 'sign-in-refused',
      fields: { reason: 'TOTP_WRONG', municipality: '131016', user: 'tanaka' },
      previous: signed.digest,
    });
    expect(signing).toMatchObject({ sequence: 2, event: 'signing-started', previous: first.digest });
    expect(signed).toMatchObject({ sequence: 3, event: 'checkpoint', previous: signing.digest });
    expect(await verdict()).toMatchObject({ intact: true, events: 4, anchored: null, signed: { since: 2, last: 3 } });
  });

  it('is readable by its owner only', () => {
    start();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'log')).mode & 0o777).toBe(0o700);
  });

  it('goes on with the same chain after a restart', async () => {
    const before = start();
    before.record('user-created', { municipality: '131016', user: 'tanaka', by: 'admin' });
    before.close();
    start().record('user-disabled', { municipality: '131016', user: 'tanaka', by: 'admin' });
    expect(events().map((event) => event.event)).toEqual([
      'process-started',
      'signing-started',
      'checkpoint',
      'user-created',
      'process-stopped',
      'checkpoint',
      'process-started',
      'checkpoint',
      'user-disabled',
    ]);
    expect(await verdict()).toMatchObject({ intact: true, events: 9, signed: { since: 2, last: 8 } });
  });

  it('goes on when the log is longer than what is read of it at the start', async () => {
    const audit = start();
    for (let i = 0; i < 400; i++) audit.record('user-enabled', { municipality: '131016', user: `u${i}` });
    audit.close();
    expect(statSync(path).size).toBeGreaterThan(65_536);
    start();
    expect(await verdict()).toMatchObject({ intact: true, events: 407, signed: { last: 407 } });
  });

  it('removes the half line of a killed process and says so', async () => {
    start().close();
    appendFileSync(path, '{"sequence":4,"time":"2026');
    start();
    expect(events().at(-3)).toMatchObject({ event: 'torn-write-removed', fields: { bytes: 26 } });
    expect(await verdict()).toMatchObject({ intact: true });
  });

  it.each([
    [
      'a changed last event',
      () =>
        lines()
          .join('\n')
          .replace(/process-stopped/, 'process-stopqed'),
    ],
    ['an event taken out near the end', () => lines().toSpliced(-2, 1).join('\n')],
    ['another file altogether', () => 'not an audit log\n'],
  ])('does not start on %s', (_, content) => {
    start().close();
    writeFileSync(path, `${content()}\n`);
    expect(failure(start)).toMatch(/audit\.jsonl: the end of the audit log does not verify/);
  });

  it("does not start on another process's log or where nothing can be written", () => {
    start().close();
    expect(failure(() => start({ source: 'broker/-/test' }))).toMatch(
      /the audit log of gateway\/-\/test, not of broker\/-\/test$/,
    );
    path = join(path, 'below-a-file');
    expect(failure(start)).toMatch(/the audit log cannot be written \((ENOTDIR|EEXIST)\)$/);
  });

  it('hands each checkpoint over as an anchor', async () => {
    const kept: Anchor[] = [];
    const audit = start({ onCheckpoint: (anchor) => kept.push(anchor) });
    audit.checkpoint();
    audit.close();
    expect(kept.map(({ source, sequence }) => ({ source, sequence }))).toEqual([
      { source: SOURCE, sequence: 4 },
      { source: SOURCE, sequence: 6 },
    ]);
    expect(kept[1]?.digest).toBe(events()[5].digest);
    expect(await verdict(kept)).toMatchObject({ intact: true, anchored: 6 });
  });

  it('becomes unhealthy when the file is changed, cut or replaced under it, and stays so', () => {
    for (const harm of [
      () => appendFileSync(path, '\n'),
      () => truncateSync(path, 100),
      () => writeFileSync(path, ''),
      () => renameSync(path, `${path}.away`),
    ]) {
      rmSync(join(folder, 'log'), { recursive: true, force: true });
      const audit = start();
      requireHealthy(audit);
      harm();
      audit.record('process-stopped', {});
      audit.record('process-stopped', {});
      expect(audit.healthy).toBe(false);
      expect(() => requireHealthy(audit)).toThrow(expect.objectContaining({ reason: 'AUDIT_UNWRITABLE' }));
      expect(alarms.at(-1)).toMatch(/"level":"error".*AUDIT LOG CANNOT BE WRITTEN/);
    }
  });

  it('is unhealthy after its end', () => {
    const audit = start();
    audit.close();
    expect(audit.healthy).toBe(false);
    audit.record('process-stopped', {});
    expect(alarms.at(-1)).toMatch(/AUDIT LOG CANNOT BE WRITTEN/);
  });

  it('is unhealthy while the key of a checkpoint cannot be erased, and until it is', () => {
    const audit = start();
    const inTheWay = path.replace('.jsonl', '.keys.new');
    mkdirSync(inTheWay);
    audit.checkpoint();
    expect(audit.healthy).toBe(false);
    expect(alarms.at(-1)).toMatch(/AUDIT KEY CANNOT BE ERASED/);
    audit.record('user-enabled', { municipality: '131016', user: 'u' });
    expect(audit.healthy).toBe(false);
    // Nothing is signed with a key whose successor is not kept.
    audit.checkpoint();
    expect(events().filter(({ event }) => event === 'checkpoint')).toHaveLength(2);
    rmdirSync(inTheWay);
    audit.checkpoint();
    expect(audit.healthy).toBe(true);
  });

  it('does not throw on a full disk, alarms, and says what was lost when there is room again', async () => {
    // A file size limit set from outside stands for the full disk, and raising it for the room that was made.
    const { stdout, stderr, exitCode } = await runScript(
      `
        import { execFileSync } from 'node:child_process';
        import { openAudit } from '#platform/audit/chain.ts';
        const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':unlimited']);
        const audit = openAudit({ path: ${JSON.stringify(path)}, source: 'agent/131016/a', now: Date.now, heartbeatMs: 0 });
        limit(2000);
        let recorded = 0;
        while (audit.healthy) { audit.record('user-enabled', { municipality: '131016', user: 'u' }); recorded++; }
        audit.record('user-enabled', { municipality: '131016', user: 'lost too' });
        const during = audit.healthy;
        limit('unlimited');
        audit.record('user-enabled', { municipality: '131016', user: 'after' });
        console.log(JSON.stringify({ during, after: audit.healthy, recorded }));
        audit.close();
      `,
    );
    expect(exitCode).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ during: false, after: true });
    expect(stderr.match(/AUDIT LOG CANNOT BE WRITTEN/g)).toHaveLength(2);
    expect(await verdict()).toMatchObject({ intact: true, lost: 2 });
    const found = events();
    const gap = found.findIndex((event) => event.event === 'events-lost');
    expect(found[gap].fields.lost).toBe(2);
    expect(found[gap + 1].fields.user).toBe('after');
    expect(found.filter((event) => event.event === 'user-enabled')).toHaveLength(said.recorded - 1 + 1);
  });

  it('cannot be made to hold a second line, a control character or an over-long text (G6)', async () => {
    const audit = start();
    const nasty = 'a\r\n{"sequence":3}\u001b[2J\u009b31m\u202e\u2028\u007f\ud800';
    audit.record('sign-in-refused', { reason: 'USER_UNKNOWN', user: nasty, detail: '"},"digest":"x'.repeat(1000) });
    const raw = readFileSync(path, 'latin1');
    expect(raw.split('\n')).toHaveLength(5);
    expect(raw.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]*$/);
    expect(events()[3].fields.user).toBe(nasty);
    expect(events()[3].fields.detail).toHaveLength(300);
    expect(await verdict()).toMatchObject({ intact: true, events: 4 });
  });

  it('writes a malformed event as a fault of its own, without the value that did not fit (T16)', () => {
    const audit = start();
    audit.record('user-enabled', { municipality: '131016', user: 'u', totp: '123456' } as never);
    audit.record('user-enabled', { municipality: 131016 } as never);
    audit.record('made-up-123456' as never, {} as never);
    expect(events().slice(3)).toMatchObject([
      { event: 'event-malformed', fields: { event: 'user-enabled', detail: 'totp: unrecognized_keys' } },
      { event: 'event-malformed', fields: { event: 'user-enabled', detail: 'municipality: invalid_type' } },
      { event: 'event-malformed', fields: { event: 'made-up-123456' } },
    ]);
    expect(readFileSync(path, 'utf8')).not.toContain('"123456"');
    expect(audit.healthy).toBe(true);
  });
});
