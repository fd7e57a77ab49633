import { describe, expect, it } from 'vitest';
import { exitCodeOf, Failure, lineOf } from '#platform/process/exit.ts';
import { Refusal } from '#protocol/codes.ts';
import { type Ran, runScript } from '#tests/support/run-script.ts';

const command = (body: string): Promise<Ran> =>
  runScript(`
    import { Failure, runCommand } from '#platform/process/exit.ts';
    import { Refusal } from '#protocol/codes.ts';
    await runCommand(async () => { ${body} });
  `);

describe('the one line about an error', () => {
  it('is the message of a failure, and code and reason of a refusal in both languages', () => {
    expect(lineOf(new Failure('port 443 is in use'))).toBe('port 443 is in use');
    expect(lineOf(new Refusal('TOTP_WRONG'))).toMatch(/^サインイン.* \/ Sign-in failed.* \(TOTP_WRONG\)$/);
  });

  it('names the place of a fault of our own, without a stack', () => {
    const line = lineOf(new TypeError('x is not a function'));
    expect(line).toMatch(/^internal error: TypeError: x is not a function \(process\/exit\.test\.ts:\d+\)$/);
    expect(lineOf('text')).toBe('internal error: text');
    expect(lineOf(null)).toBe('internal error: null');
  });

  it('stays one line that no terminal obeys (T16)', () => {
    expect(lineOf(new Failure('a\r\nb\u001b[31mc\u009b\u202ed'))).toBe('a b [31mc d');
  });

  it('has the exit code of the failure, else 1', () => {
    expect([new Failure('x'), new Failure('x', 3), new Refusal('INTERNAL'), 'x'].map(exitCodeOf)).toEqual([1, 3, 1, 1]);
  });
});

describe('a command', () => {
  it.each([
    ["console.log('done');", 0, 'done\n', ''],
    ['return 1;', 1, '', ''],
    ["throw new Failure('no such file', 3);", 3, '', 'no such file\n'],
    ["throw new Refusal('TICKET_EXPIRED');", 1, '', expect.stringMatching(/^[^\n]*\(TICKET_EXPIRED\)\n$/)],
    ['null.x;', 1, '', expect.stringMatching(/^internal error: TypeError: [^\n]*\n$/)],
  ])('%s', async (body, exitCode, stdout, stderr) => {
    expect(await command(body)).toEqual({ exitCode, stdout, stderr });
  });
});
