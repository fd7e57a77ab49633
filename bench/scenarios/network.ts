// One session fills a line between two hosts. The same rate is made by the broker's shaper and by the kernel's token bucket,
// so that each checks the other; then packets are lost. What the broker counts stands beside what the kernel counts.
import { TIERS, type TierLabel } from '#broker/tiers.ts';
import { Failure } from '#platform/process/exit.ts';
import { ipBytes } from '../network/device.ts';
import { layTwoHosts, type TwoHosts } from '../network/two-hosts.ts';
import type { NetworkResult } from '../result.ts';
import { bitsPerSecondOf, type Context, measure, probe, setTier, signInAndOpen, warmUp } from './context.ts';
import { type Scenario, withBench } from './options.ts';

type Line = NetworkResult['lines'][number];
type Conditions = Pick<Line, 'rate' | 'lostPerMille'>;

const TIER: TierLabel = '10Mbps';
/** So much more than the token bucket lets through that it alone is the bottleneck. */
const NOT_HELD_BACK: TierLabel = '1Gbps';
const LINES: readonly Conditions[] = [
  { rate: 'shaper', lostPerMille: 0 },
  { rate: 'tbf', lostPerMille: 0 },
  { rate: 'shaper', lostPerMille: 1 },
  { rate: 'shaper', lostPerMille: 10 },
];
const PROBES_PER_SECOND = 20;

export const network: Scenario = async (options, emit) => {
  const hosts = layTwoHosts();
  try {
    await withBench({ ...options, hosts }, { people: 1, tier: TIER }, async (context, { people, roundTripMs }) => {
      await signInAndOpen(context, people);
      await context.bench.show(people, 'video', 'saturating');
      await probe(context.bench, people, PROBES_PER_SECOND);
      const lines: Line[] = [];
      for (const conditions of LINES) {
        context.progress(nameOf(conditions), lines.length / LINES.length);
        lines.push(await under(conditions, context, hosts));
      }
      const { mbps } = TIERS[TIER];
      emit({ scenario: 'network', mbps, seconds: context.seconds, baseRoundTripMs: roundTripMs, lines });
    });
  } finally {
    hosts.remove();
  }
};

const nameOf = ({ rate, lostPerMille }: Conditions) => (lostPerMille === 0 ? rate : `${rate}, ${lostPerMille / 10} %`);

/** What the kernel refuses is a result; whatever else goes wrong ends the scenario. */
async function under(conditions: Conditions, context: Context, hosts: TwoHosts): Promise<Line> {
  try {
    impose(conditions, hosts);
  } catch (error) {
    hosts.clear();
    if (!(error instanceof Failure)) throw error;
    return { ...conditions, missing: error.message, figures: null };
  }
  try {
    await setTier(context, conditions.rate === 'tbf' ? NOT_HELD_BACK : TIER);
    await warmUp(context);
    return { ...conditions, missing: null, figures: await figures(conditions, context, hosts) };
  } finally {
    hosts.clear();
  }
}

function impose({ rate, lostPerMille }: Conditions, hosts: TwoHosts): void {
  if (rate === 'tbf') hosts.limit(TIERS[TIER].mbps);
  if (lostPerMille > 0) hosts.lose(lostPerMille);
}

async function figures({ lostPerMille }: Conditions, context: Context, hosts: TwoHosts): Promise<Line['figures']> {
  const lost = () => (lostPerMille > 0 ? hosts.lost() : 0);
  const lostBefore = lost();
  const { groups, device, wireBytes, wireSeconds, processes } = await measure(
    context,
    { one: context.bench.people },
    context.seconds,
  );
  const lostPackets = lost() - lostBefore;
  if (!groups.one || !device) throw new Error('nothing was measured');
  const kernelBytes = ipBytes(device.sentBytes, device.sentPackets);
  return {
    utilisation: (kernelBytes * 8) / wireSeconds / bitsPerSecondOf(TIER),
    keyRoundTripMs: groups.one.keysMs,
    stalenessMs: groups.one.stalenessMs,
    ourBytes: wireBytes,
    kernelBytes,
    kernelPackets: device.sentPackets,
    ratio: wireBytes === 0 ? null : kernelBytes / wireBytes,
    inwardBytes: ipBytes(device.arrivedBytes, device.arrivedPackets),
    lostPackets,
    processes,
  };
}
