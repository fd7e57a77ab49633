// npm run admin: the gateway's administrator, talking to the running gateway's Unix socket. Never opens its state.
import { parseArguments } from '#platform/process/args.ts';
import { runCommand } from '#platform/process/exit.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { OPTIONS } from './command.ts';
import { commandOf, USAGE } from './commands.ts';

const WHERE_AND_HOW = {
  socket: { type: 'string', default: 'var/gateway/admin.sock' },
  json: { type: 'boolean', default: false },
} as const;

await runCommand(async () => {
  const { values, positionals } = parseArguments(USAGE, { ...OPTIONS, ...WHERE_AND_HOW }, { positionals: 2 });
  const { socket, json, ...given } = values;
  const command = commandOf(positionals);
  const { name, body } = command.call(given);
  const answer = await callLocal(socket, name, body);
  process.stdout.write(`${json ? JSON.stringify(answer) : command.say(answer)}\n`);
});
