// What each npm script says about itself.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @returns of those that `wanted` names: script → its --help; one that gives none is left out */
export async function readUsages(root: string, wanted: ReadonlySet<string>): Promise<Map<string, string>> {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const mains = Object.entries(scripts)
    .filter(([name]) => wanted.has(name))
    .flatMap(([name, line]) => {
      const file = line.split(' ').at(-1) as string;
      return /^[\w/-]+\.(?:ts|mjs)$/.test(file) ? [[name, join(root, file)] as const] : [];
    });
  const said = await Promise.all(mains.map(async ([name, file]) => [name, await helpOf(file)] as const));
  return new Map(said.filter((one): one is readonly [string, string] => one[1] !== ''));
}

function helpOf(file: string): Promise<string> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, '--help'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0 ? text : ''));
  });
}
