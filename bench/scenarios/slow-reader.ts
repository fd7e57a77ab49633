// A client that stops reading. What is on its way to it stays within its window, whatever kernels and relays could hold;
// so what it finds when it reads on is at most that, and then fresh pixels. Whoever works beside it notices nothing. Then the
// same for a line that stands still.
import type { TierLabel } from '#broker/tiers.ts';
import { RECORD_MAX_BYTES } from '#protocol/limits.ts';
import type { Person } from '../population.ts';
import type { SlowReaderResult } from '../result.ts';
import { type Context, measure, pause, probe, warmUp } from './context.ts';

const PROBES_PER_SECOND = 20;
/** A relay cuts whoever takes nothing for 15 s. */
const STALL_MAX_SECONDS = 8;
const SAMPLE_MS = 50;
const LINE_STALL_MS = 1_500;
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
  const underWay = new UnderWay(context, slow);
  await underWay.look();
  await bench.load('stall', { users });
  const during = await measure(context, { other }, stalledSeconds, () => underWay.watch(stalledSeconds * 1000));

  progress('reading on', 0.9);
  await bench.load('measure-begin', { groups: { slow: users } });
  await bench.load('resume', { users });
  await pause(context, AFTER_MS);
  const { stalls } = await bench.load('measure-end', null);
  const found = stalls[users[0] ?? ''];
  await stallLine(context, underWay);
  if (!before.groups.other || !during.groups.other || !found) throw new Error('a group was not measured');
  return {
    scenario: 'slow-reader',
    tier,
    stalledSeconds,
    inFlightMaxBytes: underWay.most,
    windowBytes: underWay.window,
    heldWindow: underWay.most <= underWay.window + RECORD_MAX_BYTES,
    firstFreshMs: found.firstFreshMs,
    backlogBytes: found.backlogBytes,
    otherBefore: before.groups.other.keysMs,
    otherDuring: during.groups.other.keysMs,
    processes: during.processes,
  };
}

/** The whole line stands still: the kernels on the way could take seconds of frames now, and must not get them. */
async function stallLine(context: Context, underWay: UnderWay): Promise<void> {
  const { link, roundTripMs } = context.bench;
  if (!link) return;
  const delayMs = roundTripMs / 2;
  link.reshape({ back: { bytesPerSecond: 0, delayMs } });
  await underWay.watch(LINE_STALL_MS);
  link.reshape({ back: { bytesPerSecond: Number.POSITIVE_INFINITY, delayMs } });
}

/** What the agent has under way of a session, and the window it has for it: the most of both while somebody looked. */
class UnderWay {
  readonly #context: Context;
  readonly #people: readonly Person[];
  most = 0;
  window = 0;

  constructor(context: Context, people: readonly Person[]) {
    this.#context = context;
    this.#people = people;
  }

  async look(): Promise<void> {
    for (const { inFlightBytes, windowBytes } of await this.#context.bench.windows(this.#people)) {
      this.most = Math.max(this.most, inFlightBytes);
      this.window = Math.max(this.window, windowBytes);
    }
  }

  async watch(forMs: number): Promise<void> {
    for (const end = performance.now() + forMs - SAMPLE_MS; performance.now() < end; ) {
      await this.look();
      await pause(this.#context, SAMPLE_MS);
    }
  }
}
