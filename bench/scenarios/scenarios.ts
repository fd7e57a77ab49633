// Which scenarios there are, on which tiers and with how many sessions each runs when nobody says otherwise: small enough
// for two cores and a few minutes in all.
import { TIER_LABELS, TIERS, type TierLabel } from '#broker/tiers.ts';
import { whyNoHosts } from '../network/two-hosts.ts';
import { FULL, QUICK, THOROUGH } from '../peers/plan.ts';
import { measureRelay } from '../peers/relay.ts';
import { signInAndOpen } from './context.ts';
import { encode } from './encode.ts';
import { fill } from './fill.ts';
import { greedy } from './greedy.ts';
import { morning } from './morning.ts';
import { network } from './network.ts';
import { office } from './office.ts';
import { type Scenario, withBench } from './options.ts';
import { slowReader } from './slow-reader.ts';
import { soak } from './soak.ts';
import { step } from './step.ts';

export const NAMES = [
  'fill',
  'office',
  'greedy',
  'step',
  'morning',
  'slow-reader',
  'network',
  'relay',
  'soak',
  'encode',
] as const;
export type Name = (typeof NAMES)[number];

/** Why a scenario cannot be run on this machine at all; null if it can. */
export const whyNotHere = (name: string): string | null => (name === 'network' ? whyNoHosts() : null);

const FILL_SESSIONS = [1, 20];
const OFFICE_TIERS: readonly TierLabel[] = ['10Mbps', '50Mbps'];
const OFFICE_SESSIONS_MAX = 64;
/** What two cores carry; elsewhere --sessions 99 --tier 100Mbps. */
const GREEDY = { tier: '50Mbps', office: 40 } as const;
const STEP = { high: '100Mbps', low: '10Mbps', seconds: 4 } as const;
/** Twice as fast as everybody within a minute, so that half of the time is enough. */
const MORNING = { users: 60, perSecond: 2 } as const;
const RELAY = { quickBelowSeconds: 3, thoroughFromSeconds: 30 } as const;
const SOAK = { sessions: 50, tier: '100Mbps' } as const;

export const SCENARIOS: Readonly<Record<Name, Scenario>> = {
  async fill(options, emit) {
    const tiers = options.tiers ?? TIER_LABELS;
    const counts = options.sessions === null ? FILL_SESSIONS : [options.sessions];
    const people = Math.max(...counts) + 1;
    const [first = TIER_LABELS[0]] = tiers;
    const runs = tiers.flatMap((tier) =>
      options.roundTripsMs.flatMap((ms) => counts.map((sessions) => ({ tier, sessions, ms }))),
    );
    await withBench(options, { people, tier: first }, async (context, { people: all }) => {
      await signInAndOpen(context, all);
      for (const [i, { tier, sessions, ms }] of runs.entries()) {
        context.bench.setRoundTrip(ms);
        const progress = (what: string, share: number) => context.progress(what, (i + share) / runs.length);
        emit(await fill({ ...context, progress }, tier, sessions));
      }
    });
  },

  async office(options, emit) {
    for (const tier of options.tiers ?? OFFICE_TIERS) {
      await withBench(
        options,
        { people: options.sessions ?? OFFICE_SESSIONS_MAX, tier },
        async (context, { people }) => {
          await signInAndOpen(context, people);
          emit(await office(context, tier));
        },
      );
    }
  },

  async greedy(options, emit) {
    const tier = options.tiers?.[0] ?? GREEDY.tier;
    const people = (options.sessions ?? GREEDY.office) + 1;
    await withBench(options, { people, tier }, async (context, { people: all }) => {
      await signInAndOpen(context, all);
      emit(await greedy(context, tier));
    });
  },

  async step(options, emit) {
    const chosen = (options.tiers ?? []).toSorted((a, b) => TIERS[b].mbps - TIERS[a].mbps);
    const [high, low] = [chosen[0] ?? STEP.high, chosen.length > 1 ? (chosen.at(-1) ?? STEP.low) : STEP.low];
    await withBench(options, { people: 1, tier: high }, async (context, { people }) => {
      await signInAndOpen(context, people);
      emit(await step({ ...context, seconds: Math.max(STEP.seconds, context.seconds) }, high, low));
    });
  },

  async morning(options, emit) {
    const people = options.sessions ?? MORNING.users;
    const within = people / MORNING.perSecond;
    await withBench({ ...options, roundTripsMs: [0] }, { people, tier: '1Gbps' }, async (context) => {
      emit(await morning(context, within));
    });
  },

  async 'slow-reader'(options, emit) {
    const tier = options.tiers?.[0] ?? '10Mbps';
    await withBench(options, { people: 2, tier }, async (context, { people }) => {
      await signInAndOpen(context, people);
      emit(await slowReader(context, tier));
    });
  },

  network,

  async relay({ seconds, tiers, signal, progress }, emit) {
    const timing = seconds < RELAY.quickBelowSeconds ? QUICK : seconds < RELAY.thoroughFromSeconds ? FULL : THOROUGH;
    emit(
      await measureRelay({
        timing: tiers ? { ...timing, tiers } : timing,
        progress: (share, what) => progress(what, share),
        signal,
      }),
    );
  },

  async soak(options, emit) {
    const tier = options.tiers?.[0] ?? SOAK.tier;
    const seconds = options.hours === null ? 2 * options.seconds : options.hours * 3_600;
    await withBench(options, { people: options.sessions ?? SOAK.sessions, tier }, async (context) => {
      emit(await soak(context, seconds));
    });
  },

  encode,
};
