// A client that stops reading. What is on its way to it stays within its window, whatever kernels and relays could hold;
// so what it finds when it reads on is at most that, and then fresh pixels. Whoever works beside it notices nothing.
import type { TierLabel } from '#broker/tiers.ts';
import type { SlowReaderResult } from '../result.ts';
import { type Context, measure, pause, probe, warmUp } from './context.ts';

const PROBES_PER_SECOND = 20;
/** A relay cuts whoever takes nothing for 15 s. */
const STALL_MAX_SECONDS = 8;
const SAMPLE_MS = 50;
/** The backlog and the first fresh update must have arrived by then. */
const AFTER_MS = 1_500;

export async function slowReader(context: Context, tier: TierLabel): Promise<SlowReaderResult> {
  const { bench, progress } = context;
  const stalledSeconds = Math.min(STALL_MAX_SECONDS, context.seconds);
  const [slow, other] = [bench.people.slice(0, 1), bench.people.slice(1, 2)];
  const users = slow.map(({ user }) => user);
  await bench.show(slow, 'video', 'saturating');
  await bench.show(other, 'idle');
  await probe(bench, other, PROBES_PER_SECOND);
  await warmUp(context);
  progress('before', 0.3);
  const before = await measure(context, { other }, context.seconds);

  progress('stalled', 0.6);
  const [atFirst] = await bench.windows(slow);
  await bench.load('stall', { users });
  let [inFlightMaxBytes, windowBytes] = [0, atFirst?.windowBytes ?? 0];
  const during = await measure(context, { other }, stalledSeconds, async () => {
    for (const end = performance.now() + stalledSeconds * 1000 - SAMPLE_MS; performance.now() < end; ) {
      for (const one of await bench.windows(slow)) {
        inFlightMaxBytes = Math.max(inFlightMaxBytes, one.inFlightBytes);
        windowBytes = Math.max(windowBytes, one.windowBytes);
      }
      await pause(context, SAMPLE_MS);
    }
  });

  progress('reading on', 0.9);
  await bench.load('measure-begin', { groups: { slow: users } });
  await bench.load('resume', { users });
  await pause(context, AFTER_MS);
  const { stalls } = await bench.load('measure-end', null);
  const found = stalls[users[0] ?? ''];
  if (!before.groups.other || !during.groups.other || !found) throw new Error('a group was not measured');
  return {
    scenario: 'slow-reader',
    tier,
    stalledSeconds,
    inFlightMaxBytes,
    windowBytes,
    heldWindow: inFlightMaxBytes <= windowBytes,
    firstFreshMs: found.firstFreshMs,
    backlogBytes: found.backlogBytes,
    otherBefore: before.groups.other.keysMs,
    otherDuring: during.groups.other.keysMs,
    processes: during.processes,
  };
}
