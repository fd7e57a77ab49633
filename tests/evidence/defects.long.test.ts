// An evidence run that cannot fail proves nothing. Here it runs on copies of this tree, each broken in one place, and has to
// find it. The product itself has no switch for any of this.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '#lab/process.ts';
import { needsRoot } from '#tests/support/need.ts';

interface Defect {
  /** What a careless or hostile hand did. */
  what: string;
  /** The proof that has to fail. */
  proof: string;
  file: string;
  /** Stands there exactly once. */
  from: string;
  to: string;
}

const DEFECTS: readonly Defect[] = [];

const RUN_MAX_MS = 160_000;

/** The files of this tree as they are now, without what git ignores; the packages are those of this one. */
function copyOfTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tw-defect-'));
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  for (const file of files.split('\n').filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

describe.skipIf(!needsRoot())('the evidence run', () => {
  it.each(DEFECTS)(
    'finds $what',
    ({ proof, file, from, to }) => {
      const folder = copyOfTree();
      try {
        const text = readFileSync(join(folder, file), 'utf8');
        expect(text.split(from), `${file} has this once`).toHaveLength(2);
        writeFileSync(
          join(folder, file),
          text.replace(from, () => to),
        );
        const args = ['--disable-warning=ExperimentalWarning', 'evidence/main.ts', '--only', proof, '--json'];
        const { status, stdout, stderr } = spawnSync(process.execPath, args, {
          cwd: folder,
          encoding: 'utf8',
          timeout: RUN_MAX_MS,
        });
        expect(stdout, stderr).toMatch(/^\{/);
        const [row] = JSON.parse(stdout).rows;
        expect({ status, result: row.result, why: row.why }).toMatchObject({ status: 1, result: 'fail' });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    RUN_MAX_MS + 20_000,
  );
});
