// One of this topic's own programs, in a process of its own, run to its end.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from '#lab/process.ts';

const OUTPUT_MAX_BYTES = 1024 * 1024;

/**
 * @param args of Node
 * @returns the JSON that it printed
 * @throws Error with its own last line
 */
export async function runScript<T>(args: readonly string[], signal: AbortSignal): Promise<T> {
  const options = { cwd: ROOT, signal, maxBuffer: OUTPUT_MAX_BYTES };
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', ...args],
      options,
    );
    return JSON.parse(stdout);
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(stderr.trim().split('\n').at(-1) || (error as Error).message);
  }
}
