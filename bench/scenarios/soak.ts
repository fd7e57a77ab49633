// Many sessions held for a while: nothing is lost, and memory does not grow. Up to a hundred are an office at work; more
// are open, and somebody types now and then, since two cores do not draw a thousand screens.

import { rssOf } from '../processes.ts';
import type { ProcessUse, SoakResult } from '../result.ts';
import { type Context, measure, pause, probe, signInAndOpen } from './context.ts';
import { showOffice } from './office.ts';

const OFFICE_MAX = 100;
const QUIET_PROBES_PER_SECOND = 0.2;
const MEMORY_SAMPLES_MAX = 1_000;
/** What opening leaves behind for the garbage collector must not be counted as a session's. */
const SETTLE_MS = 3_000;
/** The first sessions bring code and heap of a process to life, which is nobody's cost. */
const WARM_UP_SHARE = 0.2;

/** Nobody has signed in yet. */
export async function soak(context: Context, seconds: number): Promise<SoakResult> {
  const { bench, progress } = context;
  const { people } = bench;
  const rss = () => new Map(bench.processes.map(({ name, pid }) => [name, rssOf(pid)]));
  const first = people.slice(0, Math.ceil(people.length * WARM_UP_SHARE));
  const rest = people.slice(first.length);
  await signInAndOpen(context, first);
  await pause(context, SETTLE_MS);
  const before = rss();
  await signInAndOpen(context, rest);
  await pause(context, SETTLE_MS);
  const idle = rss();
  const perSession = (name: string) =>
    ((idle.get(name) ?? 0) - (before.get(name) ?? 0)) / 1024 / Math.max(1, rest.length);

  if (people.length > OFFICE_MAX) await probe(bench, people, QUIET_PROBES_PER_SECOND);
  else await showOffice(bench, people);
  const everyMs = Math.max(1_000, (seconds * 1000) / MEMORY_SAMPLES_MAX);
  const memory: SoakResult['memory'] = {};
  const { groups, processes } = await measure(context, { people }, seconds, async () => {
    for (let at = 0; at < seconds * 1000; at += everyMs) {
      for (const [name, bytes] of rss()) {
        memory[name] ??= { everyMs, values: [] };
        memory[name].values.push(Math.round(bytes / 2 ** 20));
      }
      progress(`${people.length} sessions`, at / (seconds * 1000));
      await pause(context, everyMs);
    }
  });
  const { open } = await bench.load('status', null);
  if (!groups.people) throw new Error('nothing was measured');
  return {
    scenario: 'soak',
    sessions: people.length,
    seconds,
    lost: people.length - open,
    keyRoundTripMs: groups.people.keysMs,
    memory,
    idleSessionKiB: { gateway: perSession('gateway'), broker: perSession('broker') },
    processes: processes satisfies ProcessUse[],
  };
}
