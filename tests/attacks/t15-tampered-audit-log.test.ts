// T15: somebody who can write the audit log's file changes it to hide what happened, with or without the process's keys.
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keptAnchors, readAnchors } from '#platform/audit/anchor-file.ts';
import { type Anchor, openAudit } from '#platform/audit/chain.ts';
import { publicHalf, signCheckpoint } from '#platform/audit/checkpoint.ts';
import { logAt } from '#platform/audit/reading.ts';
import { type Verdict, verifyLog } from '#platform/audit/verify.ts';
import { run } from '#tests/support/run-script.ts';

const LOG = { error: () => {}, warn: () => {} } as never;
const NOON = Date.UTC(2026, 3, 1, 12);

describe('a tampered audit log', () => {
  let folder: string;
  let original: Buffer;
  let kept: Anchor[];

  const open = (path: string, source = 'gateway/-/g', onCheckpoint?: (anchor: Anchor) => void) =>
    openAudit({ path, source, now: () => NOON, heartbeatMs: 0, log: LOG, ...(onCheckpoint ? { onCheckpoint } : {}) });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-audit-'));
    const path = join(folder, 'gateway.jsonl');
    kept = [];
    const audit = open(path, 'gateway/-/g', (anchor) => kept.push(anchor));
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
  const verdict = (bytes: Uint8Array | Uint8Array[], anchors: Anchor[] = []): Promise<Verdict> =>
    verifyLog([{ name: 'log', chunks: Array.isArray(bytes) ? bytes : [bytes] }], { anchors });
  const intact = async (bytes: Buffer, anchors: Anchor[] = []) => (await verdict(bytes, anchors)).intact;

  it('is intact before anything is done to it, read whole or in pieces', async () => {
    expect(await verdict(original, kept)).toMatchObject({ intact: true, anchored: 38, signed: { since: 2, last: 38 } });
    for (const size of [1, 7, 300]) {
      const pieces = Array.from({ length: Math.ceil(original.length / size) }, (_, i) =>
        original.subarray(i * size, (i + 1) * size),
      );
      expect((await verdict(pieces, kept)).intact).toBe(true);
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

  it('shows each of 100 random edits, deletions, insertions, swaps and cuts, given an anchor', async () => {
    const count = lines().length;
    const edit = fc.record({
      how: fc.constantFrom('edit', 'delete', 'repeat', 'swap', 'insert', 'cut'),
      at: fc.integer({ min: 0, max: count - 1 }),
      other: fc.integer({ min: 1, max: count - 1 }),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ how, at, other }) => {
        const changed = lines();
        const line = changed[at] as string;
        const to = (at + other) % count;
        if (how === 'edit') changed[at] = line.replace(/"time":"20../, '"time":"1999');
        if (how === 'delete') changed.splice(at, 1);
        if (how === 'repeat') changed.splice(to, 0, line);
        if (how === 'insert') changed.splice(at, 0, line.replace(/"source":"[^"]*"/, '"source":"nobody"'));
        if (how === 'swap') [changed[at], changed[to]] = [changed[to] as string, line];
        if (how === 'cut') changed.splice(at);
        expect(await intact(joined(changed), kept)).toBe(false);
      }),
      { numRuns: 100, seed: 20_260_401 },
    );
  });

  it('names the line, and finds more than the first', async () => {
    const changed = lines();
    changed[4] = (changed[4] as string).replace('user-', 'uzer-');
    changed.splice(10, 1);
    expect((await verdict(joined(changed))).problems).toEqual([
      { file: 'log', line: 5, problem: 'changed: the digest does not fit the line' },
      { file: 'log', line: 11, problem: 'event 12 follows event 10: deleted, inserted or reordered' },
    ]);
  });

  it('shows a cut end only through an anchor, and does not claim it without one', async () => {
    const cut = joined(lines().slice(0, -3));
    expect(await verdict(cut)).toMatchObject({ intact: true, anchored: null });
    const withAnchors = await verdict(cut, kept);
    expect(withAnchors.intact).toBe(false);
    expect(withAnchors.problems[0]?.problem).toMatch(/^cut off: event 38 was anchored/);
  });

  it('shows a chain that was computed anew by its signatures, as far as there are any', async () => {
    const forged = rewrite(lines(), 20);
    const { problems, signed } = await verdict(forged);
    expect(problems[0]?.problem).toBe('checkpoint 25 is not signed by the key that was named before it');
    expect(signed).toEqual({ since: 2, last: 14 });
    // The last line is signed here; without it the one before is signed by nothing yet.
    expect(await verdict(rewrite(lines().slice(0, -1), 36))).toMatchObject({ intact: true, signed: { last: 36 } });
  });

  it('shows a past that was rewritten with the keys of now: they never signed it', async () => {
    const stolen = privateKeysIn(join(folder, 'gateway.keys'));
    const from = 20;
    for (const key of stolen) {
      expect((await verdict(rewrite(lines(), from, key))).problems[0]?.problem).toMatch(/^checkpoint 25 is not signed/);
    }
    // Another beginning for the new keys does not help: there is one in a log.
    const begun = lines();
    const named = JSON.stringify({ next: publicHalf(stolen[0] as KeyObject) });
    begun[from] = (begun[from] as string)
      .replace('sign-in-refused', 'signing-started')
      .replace(/"fields":\{[^}]*\}/, `"fields":${named}`);
    expect((await verdict(rewrite(begun, from, stolen[0]))).problems[0]?.problem).toBe(
      'event 21 names another key than the one that was to sign next',
    );
  });

  it('shows a log that was cut behind a checkpoint and goes on without its keys', async () => {
    const later = (minutes: number) => new Date(NOON + minutes * 60_000).toISOString();
    const goesOn = (minutes: number) => {
      const forged = lines().slice(0, 20);
      forged[19] = (forged[19] as string).replace(/"time":"[^"]*"/, `"time":"${later(minutes)}"`);
      return rewrite(forged, 19);
    };
    // As every log does between two checkpoints: it is not said to be signed.
    expect(await verdict(goesOn(10))).toMatchObject({ intact: true, signed: { last: 14 } });
    expect((await verdict(goesOn(31))).problems).toEqual([
      {
        ...{ file: 'log', line: 20 },
        problem: `no checkpoint after event 14 of ${later(0)}, though events go on until ${later(31)}`,
      },
    ]);
  });

  it('shows a log that was made anew as a whole, keys and all, only through an anchor', async () => {
    const path = join(folder, 'anew/gateway.jsonl');
    const audit = open(path);
    for (let i = 0; i < 40; i++) audit.record('user-enabled', { municipality: '131016', user: 'nobody' });
    audit.close();
    const anew = readFileSync(path);
    expect(await verdict(anew)).toMatchObject({ intact: true, anchored: null });
    const { intact: isIntact, problems } = await verdict(anew, kept);
    expect(isIntact).toBe(false);
    expect(problems[0]?.problem).toMatch(/is not the one that was anchored/);
  });

  it('erases each key that has signed, in the file that was replaced too', () => {
    const path = join(folder, 'erased/gateway.jsonl');
    const audit = open(path);
    const keys = path.replace('.jsonl', '.keys');
    const [first] = privateKeysIn(keys);
    const old = openSync(keys, 'r');
    const before = readFileSync(keys);
    audit.checkpoint();
    const after = Buffer.alloc(before.length);
    readSync(old, after, 0, after.length, 0);
    closeSync(old);
    expect(after.equals(Buffer.alloc(before.length))).toBe(true);
    const known = privateKeysIn(keys).map(publicHalf);
    expect(known).not.toContain(publicHalf(first as KeyObject));
    audit.close();
  });

  it('does not start on a log that was cut behind a checkpoint, whose keys are gone, or that is another one', () => {
    const state = join(folder, 'cut');
    const path = join(state, 'gateway.jsonl');
    const start = (change: () => void) => {
      rmSync(state, { recursive: true, force: true });
      mkdirSync(state, { mode: 0o700 });
      writeFileSync(path, original);
      copyFileSync(join(folder, 'gateway.keys'), join(state, 'gateway.keys'));
      change();
      return () => open(path).close();
    };
    expect(start(() => {})).not.toThrow();
    expect(start(() => writeFileSync(path, joined(lines().slice(0, -1))))).toThrow(
      /ends with event 37, but event 38 was signed; keep the log as evidence/,
    );
    expect(start(() => rmSync(path))).toThrow(/ends with event 0, but event 38 was signed/);
    expect(start(() => rmSync(join(state, 'gateway.keys')))).toThrow(
      /gateway\.keys: missing, and the audit log is signed/,
    );
    expect(start(() => writeFileSync(path, rewrite(lines(), 20)))).toThrow(/does not name the keys in/);
    expect(start(() => writeFileSync(join(state, 'gateway.keys'), '{}'))).toThrow(/not the checkpoint keys/);
  });

  it('shows, beside the logs of the other zones, a session that the gateway never wrote down', async () => {
    const state = (name: string) => join(folder, 'zones', name, 'audit.jsonl');
    const who = { municipality: '131016', user: 'tanaka', desktop: '131016/soumu/pc-01' };
    const [known, hidden] = ['1'.repeat(32), '2'.repeat(32)] as const;
    let now = NOON;
    const zone = (name: string, source: string) =>
      openAudit({ path: state(name), source, now: () => now, heartbeatMs: 0, log: LOG });
    const gateway = zone('gateway', 'gateway/g');
    const broker = zone('broker', 'broker');
    const agent = zone('agent', 'agent/131016/soumu');
    for (const session of [known, hidden]) {
      now += 600_000;
      if (session === known) {
        gateway.record('desktop-opened', { ...who, session, mode: 'open' });
        gateway.record('relay-started', { ...who, session });
      }
      agent.record('offer-accepted', { ...who, session, mode: 'open' });
      broker.record('session-paired', { session, desktop: who.desktop });
      agent.record('session-started', { ...who, session });
    }
    now += 600_000;
    for (const one of [gateway, broker, agent]) one.close();

    const paths = ['gateway', 'broker', 'agent'].flatMap((name) => [`--${name}`, join(folder, 'zones', name)]);
    const compare = (...args: string[]) => run(process.execPath, ['platform/audit/main.ts', 'compare', ...args]);
    const told = await compare(...paths);
    expect(told).toMatchObject({ exitCode: 1, stderr: '' });
    expect(told.stdout).toMatch(
      /隠されたセッション.*2{32} tanaka → 131016\/soumu\/pc-01, 2026-04-01T12:20.*not in: gateway/,
    );
    const { findings, logs } = JSON.parse((await compare(...paths, '--json')).stdout);
    expect(findings).toMatchObject([
      { kind: 'hidden', session: hidden, in: ['broker', 'agent'], missing: ['gateway'] },
    ]);
    expect(logs).toMatchObject([{ intact: true }, { intact: true }, { intact: true }]);
    expect((await compare(...paths, '--skew', 'x')).exitCode).toBe(2);
    expect((await compare(...paths.slice(0, 2))).exitCode).toBe(2);
    expect((await compare(...paths.slice(2), '--gateway', join(folder, 'nowhere'))).exitCode).toBe(3);
  });

  it('takes no anchor of another log', async () => {
    const foreign = kept.map((anchor) => ({ ...anchor, source: 'broker/-/b', sequence: 10_000 }));
    expect(await verdict(original, foreign)).toMatchObject({ intact: true, anchored: null });
  });

  it('is told by the command, with the exit code and the anchors that the other zone kept', async () => {
    const path = join(folder, 'gateway.jsonl');
    const brokerPath = join(folder, 'broker.jsonl');
    const broker = open(brokerPath, 'broker');
    for (const anchor of kept) broker.anchor(anchor);
    broker.close();
    expect((await keptAnchors(logAt([brokerPath]), brokerPath)).map(({ anchor }) => anchor)).toEqual(kept);
    const audit = (...args: string[]) => run(process.execPath, ['platform/audit/main.ts', ...args]);

    const good = await audit('verify', '--anchor', brokerPath, path);
    expect(good).toMatchObject({ exitCode: 0, stderr: '' });
    expect(good.stdout).toMatch(/intact.*\n.*signed: from event 2 up to event 38.*\n.*anchored up to event 38/);
    expect((await audit('verify', path)).stdout).toMatch(/tail not provable/);

    const small = await audit('anchors', brokerPath);
    expect(small).toMatchObject({ exitCode: 0, stderr: '' });
    const anchorPath = join(folder, 'anchors.jsonl');
    writeFileSync(anchorPath, small.stdout);
    // The first and the last of the day.
    expect(await readAnchors(anchorPath)).toEqual([kept[0], kept.at(-1)]);

    writeFileSync(path, joined(lines().slice(0, -1)));
    expect((await audit('verify', path)).exitCode).toBe(0);
    const cut = await audit('verify', path, '--anchor', anchorPath, '--json');
    expect(cut.exitCode).toBe(1);
    expect(JSON.parse(cut.stdout)).toMatchObject({ intact: false, events: 37, files: [path] });

    writeFileSync(anchorPath, '{"anchor":{"source":"gateway/-/g"}}\n');
    expect(await audit('verify', path, '--anchor', anchorPath)).toMatchObject({
      exitCode: 1,
      stderr: `${anchorPath}: line 1 is no anchor\n`,
    });
    expect((await audit('verify', join(folder, 'none'))).exitCode).toBe(3);
    expect((await audit('verify', path, '--bogus')).exitCode).toBe(2);
    expect((await audit()).exitCode).toBe(2);
    expect(await audit('--help')).toMatchObject({ exitCode: 0 });
    writeFileSync(path, original);
  });
});

/**
 * What an attacker with the file can do: change line `from` and compute every digest after it anew; and sign each checkpoint
 * with a key that names itself, if there is one.
 */
function rewrite(lines: string[], from: number, key?: KeyObject): Buffer {
  let previous = JSON.parse(lines[from - 1] as string).digest;
  const own = key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const forged = lines.slice(from).map((line) => {
    const { digest: _, ...content } = JSON.parse(line.replace('TOTP_WRONG', 'TOTP_REPLAYED'));
    content.previous = previous;
    if (content.event === 'checkpoint' && key) {
      const next = publicHalf(own);
      content.fields = { next, signature: signCheckpoint({ ...content, next }, own) };
    }
    const open = JSON.stringify(content).slice(0, -1);
    previous = createHash('sha256').update(open).digest('hex');
    return `${open},"digest":"${previous}"}`;
  });
  return Buffer.from([...lines.slice(0, from), ...forged].map((line) => `${line}\n`).join(''));
}

function privateKeysIn(path: string): KeyObject[] {
  const { current, next } = JSON.parse(readFileSync(path, 'utf8'));
  return [current, next].map((text) =>
    createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' }),
  );
}
