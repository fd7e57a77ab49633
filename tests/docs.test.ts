// The documents stay true: what they name exists, and every threat has a guard in the code and an attack test.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path && existsSync(join(ROOT, path)));
const documents = files.filter((path) => path.endsWith('.md'));
const attacks = readdirSync(join(ROOT, 'tests/attacks'));
const product = files
  .filter((path) => /^(protocol|platform|rfb|certs|gateway|broker|agent|web|client-sim|admin)\/.*\.ts$/.test(path))
  .map((path) => [path, read(path)] as const);

const threats = [...read('SECURITY.md').matchAll(/^\| (T\d\d) \| .*? \| (.*?) \| (.*?) \|$/gm)].map(
  ([, id, guards, tests]) => ({
    id: id as string,
    guards: (guards ?? '').split(', '),
    tests: (tests ?? '').split(', '),
  }),
);

describe('SECURITY.md', () => {
  it('numbers the threats without a gap', () => {
    expect(threats.map(({ id }) => id)).toEqual(
      Array.from({ length: threats.length }, (_, i) => `T${String(i + 1).padStart(2, '0')}`),
    );
    expect(threats.length).toBeGreaterThan(10);
  });

  it.each(threats)('$id has its attack tests, and they carry its number', ({ id, tests }) => {
    for (const name of tests) {
      expect(attacks, name).toContain(`${name}.test.ts`);
      expect(name.slice(0, 3)).toBe(id.toLowerCase());
    }
  });

  it.each(threats)('$id is named in the code that guards against it', ({ id }) => {
    expect(product.filter(([, text]) => text.includes(id)).map(([path]) => path)).not.toEqual([]);
  });

  it('knows every attack test', () => {
    const named = threats.flatMap(({ tests }) => tests.map((name) => `${name}.test.ts`));
    expect(attacks.filter((file) => !named.includes(file))).toEqual([]);
  });

  it('knows every threat that the code names', () => {
    const known = new Set(threats.map(({ id }) => id));
    const unknown = product.flatMap(([path, text]) =>
      [...text.matchAll(/\bT\d\d\b/g)].filter(([id]) => !known.has(id)).map(([id]) => `${path}: ${id}`),
    );
    expect(unknown).toEqual([]);
  });
});

describe('every document', () => {
  it.each(documents)('%s links to what exists', (path) => {
    for (const [, target] of read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)) {
      expect(existsSync(join(ROOT, dirname(path), target as string)), `${path} → ${target}`).toBe(true);
    }
  });

  it.each(documents)('%s names commands that exist', (path) => {
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
    for (const [, script] of read(path).matchAll(/npm run ([a-z]+)/g)) expect(scripts).toContain(script);
  });

  it.each(documents)('%s names test files and folders that exist', (path) => {
    for (const [, target] of read(path).matchAll(/(tests\/[a-z0-9-]+(?:\/[a-z0-9.-]+)*)/g)) {
      const found = files.some((file) => file.startsWith((target as string).replace(/\.$/, '')));
      expect(found, `${path} → ${target}`).toBe(true);
    }
  });
});
