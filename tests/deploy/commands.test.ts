// How the programs are started outside of tests: by npm, by systemd.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const UNITS = join(ROOT, 'deploy/systemd');

const scripts: Record<string, string> = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts;
const units = readdirSync(UNITS).flatMap((unit) =>
  [...readFileSync(join(UNITS, unit), 'utf8').matchAll(/^ExecStart=(.*)$/gm)].map(([, line]) => [unit, line ?? '']),
);
const commands = [...Object.entries(scripts), ...units].filter(([, line]) => line?.includes('.ts')) as [
  string,
  string,
][];

describe.each(commands)('%s', (_, line) => {
  it('starts a program that is there', () => {
    const [program] = line.match(/[\w/-]+\.ts/) ?? [''];
    expect(existsSync(join(ROOT, program.replace('/opt/telework/', '')))).toBe(true);
  });

  it('lets no signal make it listen for a debugger, which could read its keys (T16)', () => {
    expect(line.split(' ')).toContain('--disable-sigusr1');
  });
});

it('covers every unit that starts something, and every command', () => {
  expect(new Set(units.map(([unit]) => unit)).size).toBe(
    readdirSync(UNITS).filter((file) => file.endsWith('.service')).length,
  );
  expect(commands.length).toBeGreaterThan(10);
});
