// How a command ends: 0 done, 1 refused or failed with one clear line, 2 bad arguments, 3 something could not be run.
import { CODES, Refusal } from '#protocol/codes.ts';
import { oneLine } from './terminal.ts';

export type ExitCode = 0 | 1 | 2 | 3;

/** Something a person can put right. The message is one line that names the file, key, port or command concerned. */
export class Failure extends Error {
  readonly exitCode: ExitCode;

  /** @param exitCode 1 unless the arguments were bad (2) or something could not be run at all (3) */
  constructor(message: string, exitCode: ExitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * What a person reads about any caught value: one line, no stack, no control characters (a peer's text may be inside).
 * An error nobody foresaw names the place in our own code, since without it the line would help nobody.
 */
export function lineOf(error: unknown): string {
  return oneLine(describe(error));
}

function describe(error: unknown): string {
  if (error instanceof Failure) return error.message;
  if (error instanceof Refusal) {
    const { ja, en } = CODES[error.code];
    return `${ja} / ${en} (${error.message})`;
  }
  if (!(error instanceof Error)) return `internal error: ${String(error)}`;
  const place = /^\s+at .*?([\w.-]+\/[\w.-]+\.(?:ts|mjs):\d+)/m.exec(error.stack ?? '')?.[1];
  return `internal error: ${error.name}: ${error.message}${place ? ` (${place})` : ''}`;
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Failure ? error.exitCode : 1;
}

/**
 * Runs a command that ends by itself. Its exit code is what `main` returns, 0 for nothing; a thrown value becomes one
 * line on stderr. The exit code is set, not forced, so that output still in a pipe arrives.
 */
export async function runCommand(main: () => Promise<ExitCode> | Promise<void>): Promise<void> {
  process.stdout.on('error', stopAtBrokenPipe);
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${lineOf(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

/** `… | head` closes the pipe early; that is no error of the command. */
function stopAtBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
