// A verifier written from docs/audit.md alone: nothing of it is imported from the program. It holds the document true.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAudit } from '#platform/audit/chain.ts';
import { auditSchema } from '#platform/audit/config.ts';
import { closedFiles } from '#platform/audit/files.ts';

const bytesOf = (base64url: string) => Buffer.from(base64url, 'base64url');

async function verify(files: Buffer[]): Promise<string> {
  let expected = { sequence: 1, previous: '0'.repeat(64) };
  let next: string | null = null;
  let checkpoints = 0;
  for (const line of files.flatMap((file) => file.toString('utf8').split('\n').slice(0, -1))) {
    const { sequence, time, source, event, fields, previous, digest } = JSON.parse(line);
    const cut = line.lastIndexOf(',"digest":');
    if (createHash('sha256').update(line.slice(0, cut)).digest('hex') !== digest) return `digest ${sequence}`;
    if (sequence !== expected.sequence || previous !== expected.previous) return `chain ${sequence}`;
    expected = { sequence: sequence + 1, previous: digest };
    if (event === 'signing-started' && next !== null) return `begun again ${sequence}`;
    if (event === 'log-continued' && next !== fields.next) return `another key ${sequence}`;
    if (event === 'checkpoint' && next !== null) {
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
      const key = await crypto.subtle.importKey('spki', bytesOf(next), algorithm, false, ['verify']);
      const text = ['tw/audit-checkpoint/1', source, sequence, time, previous, fields.next, ''].join('\n');
      const isSigned = crypto.subtle.verify(algorithm, key, bytesOf(fields.signature), Buffer.from(text));
      if (!(await isSigned)) return `signature ${sequence}`;
      checkpoints++;
    }
    next = fields.next ?? next;
  }
  return `${checkpoints} checkpoints`;
}

describe('docs/audit.md', () => {
  let folder: string;
  let files: Buffer[];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-audit-'));
    const path = join(folder, 'audit.jsonl');
    const config = { ...auditSchema.parse({}), fileBytes: 4_096 };
    const audit = openAudit({ path, source: 'broker', now: () => Date.UTC(2026, 3, 1), heartbeatMs: 0, config });
    for (let i = 0; i < 30; i++) {
      audit.record('sign-in-refused', { reason: 'USER_UNKNOWN', user: `田中\u001b[2J${i}` });
      if (i % 10 === 0) audit.checkpoint();
    }
    audit.close();
    files = [...closedFiles(path).map((file) => file.path), path].map((file) => readFileSync(file));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('says enough to write a verifier in another program', async () => {
    expect(files.length).toBeGreaterThan(2);
    const signed = files.join('').match(/"event":"checkpoint"/g)?.length;
    expect(await verify(files)).toBe(`${signed} checkpoints`);
  });

  it('and that verifier finds what was changed', async () => {
    const changed = (from: RegExp, to: string) =>
      files.map((file, i) => (i === 1 ? Buffer.from(file.toString('utf8').replace(from, to)) : file));
    expect(await verify(changed(/USER_UNKNOWN/, 'TOTP_WRONG'))).toMatch(/^digest \d+$/);
    expect(await verify(files.toSpliced(1, 1))).toMatch(/^chain \d+$/);
  });
});
