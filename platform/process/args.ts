// Command line arguments, the same way for every command and process.
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { Failure } from './exit.ts';

type Parsed<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>
>;

/**
 * Parses the arguments strictly. `--help` and `-h` print the usage and exit 0 before anything else is looked at.
 * @param usage what --help prints; its first line says what the command does
 * @param options as in node:util parseArgs; `help` is added
 * @throws Failure with exit code 2 for an unknown flag, a missing value, or a positional beyond `positionals`
 */
export function parseArguments<const O extends ParseArgsOptionsConfig>(
  usage: string,
  options: O,
  { args = process.argv.slice(2), positionals = 0 }: { args?: readonly string[]; positionals?: number } = {},
): Parsed<O> {
  const beforeTerminator = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (beforeTerminator.some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(`${usage.trim()}\n`);
    process.exit(0);
  }
  const parsed = parse(options, args);
  const surplus = parsed.positionals[positionals];
  if (surplus !== undefined) throw new Failure(`unexpected argument "${surplus}"; --help shows the usage`, 2);
  return parsed;
}

function parse<O extends ParseArgsOptionsConfig>(options: O, args: readonly string[]): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true }) as Parsed<O>;
  } catch (error) {
    const message = error instanceof Error ? error.message.split(/\.\s|\n/)[0] : String(error);
    throw new Failure(`${message}; --help shows the usage`, 2);
  }
}
