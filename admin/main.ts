// npm run admin: the gateway's administrator, talking to the running gateway's Unix socket. Never opens its state.
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { COMMANDS, type CommandName } from './commands.ts';
import { exportRequests, importCertificates } from './enrolment.ts';

const USAGE = `npm run admin -- COMMAND [options]      Users, second factors and entitlements of a running gateway

  status                                                       audit log, broker link, sessions
  user add            --municipality CODE --user ID --name NAME
  user disable        --municipality CODE --user ID            ends the user's session, too
  user enable         --municipality CODE --user ID
  user list
  totp enrol          --municipality CODE --user ID            prints the otpauth URI, this once
  totp reset          --municipality CODE --user ID            then enrol anew; ends the user's session, too
  enrolment code      --municipality CODE --user ID            a one-time code for asking for a certificate, ten minutes
  enrolment list                                               requests for certificates
  enrolment export    --out DIR [--request NUMBER]             writes the waiting ones, for the authority's host
  enrolment import    FILE…                                    takes the certificates that the authority made
  enrolment refuse    --request NUMBER
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
  request: { type: 'string' },
  out: { type: 'string' },
  all: { type: 'boolean' },
  socket: { type: 'string', default: 'var/gateway/admin.sock' },
  json: { type: 'boolean', default: false },
} as const;

const FILES_MAX = 1_000;

await runCommand(async () => {
  const { values, positionals } = parseArguments(USAGE, OPTIONS, { positionals: 2 + FILES_MAX });
  const { socket, json, ...given } = values;
  const [first, second, ...files] = positionals;
  const name = commandName([first, second].filter((part) => part !== undefined));
  const surplus = name === 'enrolment import' ? undefined : files[0];
  if (surplus !== undefined) throw new Failure(`unexpected argument "${surplus}"; --help shows the usage`, 2);
  const command = COMMANDS[name];
  const body = command.body(given);
  const ask = (body: object) => callLocal(socket, command.call, body);
  const answer =
    name === 'enrolment export'
      ? await exportRequests(ask, given)
      : name === 'enrolment import'
        ? await importCertificates(ask, files)
        : await ask(body);
  process.stdout.write(`${json ? JSON.stringify(answer) : command.say(answer)}\n`);
});

function commandName(positionals: readonly string[]): CommandName {
  const name = positionals.join(' ');
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new Failure(`${name ? `unknown command "${name}"` : 'which command?'}; --help shows the usage`, 2);
  }
  return name as CommandName;
}
