import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePrivateFolder } from '#platform/process/private-folder.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'telework-folder-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('a private folder', () => {
  it('is made with all that is missing above it, for its owner alone', () => {
    makePrivateFolder(join(root, 'a', 'b', 'c'));
    expect(['a', 'a/b', 'a/b/c'].map((path) => modeOf(join(root, path)))).toEqual([0o700, 0o700, 0o700]);
  });

  it('that is there stays as it is, behind a link as well', () => {
    mkdirSync(join(root, 'open'), { mode: 0o755 });
    symlinkSync(join(root, 'open'), join(root, 'link'));
    makePrivateFolder(join(root, 'link'));
    makePrivateFolder(join(root, 'link', 'below'));
    expect([modeOf(join(root, 'open')), modeOf(join(root, 'open', 'below'))]).toEqual([0o755, 0o700]);
  });

  it('below a file, or behind a link into nothing, is refused in one line', () => {
    writeFileSync(join(root, 'file'), '');
    symlinkSync(join(root, 'nothing'), join(root, 'dangling'));
    expect(() => makePrivateFolder(join(root, 'file', 'x'))).toThrow(/file\/x: cannot be made \(ENOTDIR\)$/);
    expect(() => makePrivateFolder(join(root, 'dangling', 'x'))).toThrow(/dangling\/x: cannot be made \(EEXIST\)$/);
  });

  it.skipIf(process.platform !== 'linux')('where nobody can make one is refused at once, not asked for ever', () => {
    expect(() => makePrivateFolder('/proc/nowhere')).toThrow('/proc/nowhere: cannot be made (ENOENT)');
    expect(() => makePrivateFolder('/proc/nowhere/state')).toThrow('/proc/nowhere/state: cannot be made (ENOENT)');
  });
});
