// npm run check: form, types and architecture. Runs all of them and says which failed.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const USAGE = `npm run check -- [--help]
コードの書式・型・構成を検査します / checks form, types and architecture

Exit: 0 nothing found, 1 something found.
`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(ROOT, 'node_modules');

const CHECKS = [
  ['form', join(BIN, '@biomejs/biome/bin/biome'), ['check', '--error-on-warnings']],
  ['types', join(BIN, 'typescript/bin/tsc'), ['-p', 'tsconfig.json']],
  ['types of what runs in a browser too', join(BIN, 'typescript/bin/tsc'), ['-p', 'tsconfig.portable.json']],
  ['architecture', join(BIN, 'vitest/vitest.mjs'), ['run', 'tests/architecture.test.ts']],
];

if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
} else {
  const failed = CHECKS.filter(([name, script, args]) => {
    process.stdout.write(`${name}\n`);
    return spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
      .status;
  });
  process.stdout.write(
    failed.length === 0 ? 'all checks passed\n' : `failed: ${failed.map(([name]) => name).join(', ')}\n`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}
