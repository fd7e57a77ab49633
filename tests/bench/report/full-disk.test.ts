import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '#lab/process.ts';
import { needsRoot } from '#tests/support/need.ts';

/** Writes one report, fills the disk, tries another, and says what became of both. */
const SCRIPT = `
  import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
  import { sampleReport } from '#tests/bench/report/sample.ts';
  import { writeReport } from '#bench/report/write.ts';
  const folder = process.argv[1];
  const { json } = writeReport(folder, sampleReport());
  for (let size = 2 ** 20; size >= 1; size /= 2) {
    try { for (;;) writeFileSync(folder + '/full', new Uint8Array(size), { flag: 'a' }); } catch {}
  }
  let line = 'written';
  try { writeReport(folder, sampleReport({ seconds: 999 })); } catch (error) { line = error.message; }
  const { seconds } = JSON.parse(readFileSync(json, 'utf8'));
  console.log(JSON.stringify({ line, files: readdirSync(folder).sort(), seconds }));`;

describe.skipIf(!needsRoot())('a report on a full disk', () => {
  it('is refused in one line, and the report that was there stays whole', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tw-full-'));
    try {
      const mounted = 'mount -t tmpfs -o size=2m tmpfs "$0"; exec "$@"';
      const node = [
        process.execPath,
        '--disable-warning=ExperimentalWarning',
        '--input-type=module',
        '-e',
        SCRIPT,
        folder,
      ];
      const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', mounted, folder, ...node], {
        cwd: ROOT,
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      const { line, files, seconds } = JSON.parse(stdout);
      expect(line).toMatch(/^cannot write .*report\.json: [^\n]+$/);
      expect(files).toEqual(['full', 'report.html', 'report.json']);
      expect(seconds).toBe(312);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
