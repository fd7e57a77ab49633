// A flood, as a process of its own, so that it takes nothing from who observes. Only wiring.
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { type Flood, floodSchema } from './config.ts';
import { beginWithoutGoingOn } from './half-open.ts';
import { floodHandshakes } from './handshakes.ts';
import { holdDataLinks, offerWithoutPause } from './hostile-peers.ts';
import { holdOpen } from './strangers.ts';

const USAGE = `The evidence run's own flood, against listeners of this machine: node evidence/edge/flood/main.ts --floods JSON`;

await runCommand(async () => {
  const { values } = parseArguments(USAGE, { floods: { type: 'string' } });
  if (!values.floods) throw new Failure('--floods is missing; --help shows the usage', 2);
  const floods = floodSchema.array().parse(JSON.parse(values.floods));
  process.stdout.write(`${JSON.stringify(await Promise.all(floods.map(run)))}\n`);
  return 0;
});

function run(flood: Flood): Promise<object> {
  switch (flood.kind) {
    case 'handshakes':
      return floodHandshakes(flood);
    case 'mute-agents':
      return holdDataLinks(flood);
    case 'half-open':
      return beginWithoutGoingOn(flood);
    case 'offers':
      return offerWithoutPause(flood);
    default:
      return holdOpen(flood);
  }
}
