// npm run certs -- COMMAND: the authorities' command line.
import { Failure, runCommand } from '#platform/process/exit.ts';
import { COMMANDS } from './commands.ts';

const USAGE = `npm run certs -- COMMAND …   certificates and revocation lists of the five authorities

  init            makes the authorities (user, gateway-server, hop, agent, admin), each with a first list
  request KIND    on the host: makes a key and a request for it
  issue KIND      certifies a request
  revoke          revokes a certificate and writes the new list
  crl             writes new lists; run it daily, a list lives seven days
  show            what there is and what runs out
  check-external  whether another authority can take the place of the user authority
  demo, --demo    everything in one folder, for a demonstration only

Each command has --help. Exit codes: 0 done, 1 refused or failed, 2 bad arguments.`;

// Every change of an authority is made in one go, so that a signal that is handled here falls before or after it. One
// that is not would leave half of the change, and its lock.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

await runCommand(async () => {
  const [name = '--help', ...args] = process.argv.slice(2);
  if (name === '--help' || name === '-h') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const known = name === '--demo' ? 'demo' : name;
  const command = Object.hasOwn(COMMANDS, known) ? COMMANDS[known as keyof typeof COMMANDS] : null;
  if (!command) throw new Failure(`no command "${name}"; --help shows them`, 2);
  return await command(args, Date.now());
});
