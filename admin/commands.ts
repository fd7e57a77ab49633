// Every command, by its words. A new one is a row in the table of its subject; --help is made from the same rows.
import { ADMINISTRATOR_COMMANDS } from './administrator-commands.ts';
import type { Command, Table } from './command.ts';
import { badArguments } from './command.ts';
import { ENROLMENT_COMMANDS } from './enrolment-commands.ts';
import { FACTOR_COMMANDS } from './factor-commands.ts';
import { POLICY_COMMANDS } from './policy-commands.ts';
import { SESSION_COMMANDS } from './session-commands.ts';
import { USER_COMMANDS } from './user-commands.ts';

const TABLES: readonly Table[] = [
  SESSION_COMMANDS,
  USER_COMMANDS,
  FACTOR_COMMANDS,
  ENROLMENT_COMMANDS,
  POLICY_COMMANDS,
  ADMINISTRATOR_COMMANDS,
];
const COMMANDS = new Map<string, Command>(TABLES.flatMap((table) => Object.entries(table)));
const WIDTH = 24;

export const USAGE = `npm run admin -- COMMAND [options]      Administration of a running gateway

${TABLES.map(usageOf).join('\n\n')}

  --socket FILE   the gateway's socket (default var/gateway/admin.sock)
  --json          print one object`;

/** @throws Failure with exit code 2 */
export function commandOf(positionals: readonly string[]): Command {
  const name = positionals.join(' ');
  const found = COMMANDS.get(name);
  if (!found) throw badArguments(name ? `unknown command "${name}"` : 'which command?');
  return found;
}

function usageOf(table: Table): string {
  return Object.entries(table)
    .map(([name, { usage }]) => `  ${name.padEnd(WIDTH)}${usage}`.trimEnd())
    .join('\n');
}
