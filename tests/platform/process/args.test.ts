import { describe, expect, it } from 'vitest';
import { parseArguments } from '#platform/process/args.ts';
import { Failure } from '#platform/process/exit.ts';
import { runScript } from '#tests/support/run-script.ts';

const OPTIONS = {
  user: { type: 'string' },
  json: { type: 'boolean' },
  port: { type: 'string', multiple: true },
} as const;

describe('arguments', () => {
  const parse = (args: string[], positionals = 0) => parseArguments('usage', OPTIONS, { args, positionals });

  it('are parsed by their options', () => {
    const { values, positionals } = parse(['--user=tanaka', 'verify', '--json', '--port', '1', '--port', '2'], 1);
    expect({ ...values }).toEqual({ user: 'tanaka', json: true, port: ['1', '2'] });
    expect(positionals).toEqual(['verify']);
  });

  it.each([
    ['an unknown flag', ['--bogus'], /^Unknown option '--bogus'; --help shows the usage$/],
    ['a missing value', ['--user'], /argument missing; --help/],
    ['a value where none belongs', ['--json=yes'], /does not take an argument; --help/],
    ['a surplus argument', ['x'], /^unexpected argument "x"; --help/],
  ])('are refused in one line with exit code 2: %s', (_, args, line) => {
    try {
      parse(args);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(line) });
      expect((error as Failure).message).not.toContain('\n');
    }
  });

  it.each([['--help'], ['-h'], ['--bogus --help']])('print the usage and end with 0 for %s', async (args) => {
    const source = `
      import { parseArguments } from '#platform/process/args.ts';
      parseArguments('\\nthe usage\\n', {}, { args: ${JSON.stringify(args.split(' '))} });
      console.log('not reached');
    `;
    expect(await runScript(source)).toEqual({ exitCode: 0, stdout: 'the usage\n', stderr: '' });
  });
});
