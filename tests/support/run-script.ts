// Runs a piece of TypeScript as a process of its own, with the project's imports.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** @param fileSizeMaxKiB no file can grow beyond it: what a full disk is to a writer */
export function runScript(source: string, options: { fileSizeMaxKiB?: number; args?: string[] } = {}): Promise<Ran> {
  const node = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--input-type=module-typescript',
    '--eval',
    source,
    '--',
    ...(options.args ?? []),
  ];
  return options.fileSizeMaxKiB
    ? run('/bin/bash', ['-c', `ulimit -f ${options.fileSizeMaxKiB}; exec "$@"`, 'bash', ...node])
    : run(process.execPath, node.slice(1));
}

/** Runs a command of ours to its end. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
