// T15: somebody who can write the audit log's file changes it to hide what happened.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anchor, openAudit } from '#platform/audit/chain.ts';
import { anchorsOf, verifyLog } from '#platform/audit/verify.ts';
import { run } from '#tests/support/run-script.ts';

const LOG = { error: () => {}, warn: () => {} } as never;

describe('a tampered audit log', () => {
  let folder: string;
  let original: Buffer;
  let kept: Anchor[];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-audit-'));
    const path = join(folder, 'gateway.jsonl');
    kept = [];
    const audit = openAudit({
      path,
      source: 'gateway/-/g',
      now: () => Date.UTC(2026, 3, 1),
      heartbeatMs: 0,
      log: LOG,
      onCheckpoint: (anchor) => kept.push(anchor),
    });
    for (let i = 0; i < 30; i++) {
      audit.record('sign-in-refused', { reason: 'TOTP_WRONG', municipality: '131016', user: `user-${i}` });
      if (i % 10 === 9) audit.checkpoint();
    }
    audit.close();
    original = readFileSync(path);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const lines = () => original.toString('utf8').trimEnd().split('\n');
  const joined = (changed: string[]) => Buffer.from(changed.map((line) => `${line}\n`).join(''));
  const intact = async (bytes: Buffer, anchors: Anchor[] = []) => (await verifyLog([bytes], anchors)).intact;

  it('is intact before anything is done to it, read whole or in pieces', async () => {
    expect(await intact(original, kept)).toBe(true);
    for (const size of [1, 7, 300]) {
      const pieces = Array.from({ length: Math.ceil(original.length / size) }, (_, i) =>
        original.subarray(i * size, (i + 1) * size),
      );
      expect((await verifyLog(pieces, kept)).intact).toBe(true);
    }
  });

  it('shows each of 100 random edits of bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const edited = Buffer.from(original);
        edited[at] = (edited[at] as number) ^ flip;
        expect(await intact(edited)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it('shows each of 100 random deletions, insertions, repetitions and swaps of lines', async () => {
    const count = lines().length;
    const edit = fc.record({
      how: fc.constantFrom('delete', 'repeat', 'swap', 'insert'),
      // Not the last line: without an anchor nothing shows that the end was cut, and the log does not claim it.
      at: fc.integer({ min: 0, max: count - 2 }),
      other: fc.integer({ min: 1, max: count - 1 }),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ how, at, other }) => {
        const changed = lines();
        const line = changed[at] as string;
        const to = (at + other) % count;
        if (how === 'delete') changed.splice(at, 1);
        if (how === 'repeat') changed.splice(to, 0, line);
        if (how === 'insert') changed.splice(at, 0, line.replace(/"user":"[^"]*"/, '"user":"nobody"'));
        if (how === 'swap') [changed[at], changed[to]] = [changed[to] as string, line];
        expect(await intact(joined(changed))).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it('names the line, and finds more than the first', async () => {
    const changed = lines();
    changed[4] = (changed[4] as string).replace('user-', 'uzer-');
    changed.splice(10, 1);
    expect((await verifyLog([joined(changed)])).problems).toEqual([
      { line: 5, problem: 'changed: the digest does not fit the line' },
      { line: 11, problem: 'event 12 follows event 10: deleted, inserted or reordered' },
    ]);
  });

  it('shows a cut end only through an anchor, and does not claim it without one', async () => {
    const cut = joined(lines().slice(0, -3));
    expect(await verifyLog([cut])).toMatchObject({ intact: true, anchored: null });
    const withAnchors = await verifyLog([cut], kept);
    expect(withAnchors.intact).toBe(false);
    expect(withAnchors.problems[0]?.problem).toMatch(/^cut off: event 36 was anchored/);
  });

  it('shows a chain that was computed anew only through an anchor', async () => {
    const forged = rewrite(lines(), 20);
    expect(await verifyLog([forged])).toMatchObject({ intact: true, anchored: null });
    const withAnchors = await verifyLog([forged], kept);
    expect(withAnchors.intact).toBe(false);
    expect(withAnchors.problems[0]?.problem).toMatch(/is not the one that was anchored/);
    expect(withAnchors.anchored).toBe(12);
  });

  it('takes no anchor of another log', async () => {
    const foreign = kept.map((anchor) => ({ ...anchor, source: 'broker/-/b', sequence: 10_000 }));
    expect(await verifyLog([original], foreign)).toMatchObject({ intact: true, anchored: null });
  });

  it('is told by the command, with the exit code and the anchors that the other zone kept', async () => {
    const path = join(folder, 'gateway.jsonl');
    const brokerPath = join(folder, 'broker.jsonl');
    const broker = openAudit({ path: brokerPath, source: 'broker/-/b', now: () => 0, heartbeatMs: 0, log: LOG });
    for (const anchor of kept) broker.anchor(anchor);
    broker.close();
    expect((await anchorsOf([readFileSync(brokerPath)])).anchors).toEqual(kept);
    const audit = (...args: string[]) => run(process.execPath, ['platform/audit/main.ts', ...args]);

    const good = await audit('verify', path, '--anchors', brokerPath);
    expect(good).toMatchObject({ exitCode: 0, stderr: '' });
    expect(good.stdout).toMatch(/intact.*\n.*anchored up to event 36/);
    expect((await audit('verify', path)).stdout).toMatch(/tail not provable/);

    writeFileSync(path, joined(lines().slice(0, -1)));
    expect((await audit('verify', path)).exitCode).toBe(0);
    const cut = await audit('verify', path, '--anchors', brokerPath, '--json');
    expect(cut.exitCode).toBe(1);
    expect(JSON.parse(cut.stdout)).toMatchObject({ intact: false, events: 35 });

    expect((await audit('verify', join(folder, 'none'))).exitCode).toBe(3);
    expect((await audit('verify', path, '--bogus')).exitCode).toBe(2);
    expect((await audit()).exitCode).toBe(2);
    expect(await audit('--help')).toMatchObject({ exitCode: 0 });
    writeFileSync(path, original);
  });
});

/** What an attacker with the file can do: change line `from` and compute every digest after it anew. */
function rewrite(lines: string[], from: number): Buffer {
  let previous = JSON.parse(lines[from - 1] as string).digest;
  const forged = lines.slice(from).map((line) => {
    const { digest: _, ...content } = JSON.parse(line.replace('TOTP_WRONG', 'TOTP_REPLAYED'));
    const open = JSON.stringify({ ...content, previous }).slice(0, -1);
    previous = createHash('sha256').update(open).digest('hex');
    return `${open},"digest":"${previous}"}`;
  });
  return Buffer.from([...lines.slice(0, from), ...forged].map((line) => `${line}\n`).join(''));
}
