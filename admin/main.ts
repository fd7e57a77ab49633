// npm run admin: the gateway's administrator, talking to the running gateway's Unix socket. Never opens its state.
import { parseArguments } from '#platform/process/args.ts';
import { runCommand } from '#platform/process/exit.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { badArguments, OPTIONS } from './command.ts';
import { commandOf, USAGE } from './commands.ts';

const WHERE_AND_HOW = {
  socket: { type: 'string', default: 'var/gateway/admin.sock' },
  json: { type: 'boolean', default: false },
} as const;

const WORDS = 2;
const FILES_MAX = 1_000;

await runCommand(async () => {
  const options = { ...OPTIONS, ...WHERE_AND_HOW };
  const { values, positionals } = parseArguments(USAGE, options, { positionals: WORDS + FILES_MAX });
  const { socket, json, ...given } = values;
  const command = commandOf(positionals.slice(0, WORDS));
  const files = positionals.slice(WORDS);
  if (files[0] !== undefined && !command.withFiles) throw badArguments(`unexpected argument "${files[0]}"`);
  const { name, body } = command.call(given);
  const ask = (body: object) => callLocal(socket, name, body);
  const answer = command.withFiles ? await command.withFiles(ask, given, files) : await ask(body);
  process.stdout.write(`${json ? JSON.stringify(answer) : command.say(answer)}\n`);
});
