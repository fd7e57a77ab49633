// npm run admin: the gateway's administrator, talking to the running gateway's Unix socket. Never opens its state.
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { COMMANDS, type CommandName } from './commands.ts';

const USAGE = `npm run admin -- COMMAND [options]      Users, second factors and entitlements of a running gateway

  status                                                       audit log, broker link, sessions
  user add            --municipality CODE --user ID --name NAME
  user disable        --municipality CODE --user ID            ends the user's session, too
  user enable         --municipality CODE --user ID
  user list
  totp enrol          --municipality CODE --user ID            prints the otpauth URI, this once
  totp reset          --municipality CODE --user ID            then enrol anew; ends the user's session, too
  factor list         --municipality CODE --user ID
  factor remove       --municipality CODE --user ID --factor totp|webauthn|password|recovery|all [--id PASSKEY]
                                                               ends the user's session, too
  factor activation   --municipality CODE --user ID            prints a code to sign in with once, to set factors up
  entitlement add     --municipality CODE --user ID --desktop CODE/AGENT/NAME [--label TEXT]
  entitlement remove  --municipality CODE --user ID --desktop CODE/AGENT/NAME
  session list
  session end         --session ID | --all

  --socket FILE   the gateway's socket (default var/gateway/admin.sock)
  --json          print one object`;

const OPTIONS = {
  municipality: { type: 'string' },
  user: { type: 'string' },
  name: { type: 'string' },
  desktop: { type: 'string' },
  label: { type: 'string' },
  session: { type: 'string' },
  all: { type: 'boolean' },
  factor: { type: 'string' },
  id: { type: 'string' },
  socket: { type: 'string', default: 'var/gateway/admin.sock' },
  json: { type: 'boolean', default: false },
} as const;

await runCommand(async () => {
  const { values, positionals } = parseArguments(USAGE, OPTIONS, { positionals: 2 });
  const { socket, json, ...given } = values;
  const command = COMMANDS[commandName(positionals)];
  const answer = await callLocal(socket, command.call, command.body(given));
  process.stdout.write(`${json ? JSON.stringify(answer) : command.say(answer)}\n`);
});

function commandName(positionals: readonly string[]): CommandName {
  const name = positionals.join(' ');
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new Failure(`${name ? `unknown command "${name}"` : 'which command?'}; --help shows the usage`, 2);
  }
  return name as CommandName;
}
