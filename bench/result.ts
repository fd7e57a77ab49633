// What a run of the benchmark found, as it stands in the report's JSON: the one form that the scenarios fill, the report
// draws and `publish` quotes. Milliseconds, bytes and seconds stand in the names.
import * as z from 'zod';
import { amount, count, distributionSchema, processSchema, seriesSchema, share } from './figures.ts';
import { networkSchema } from './network-result.ts';
import { relaySchema } from './relay-result.ts';

export type Distribution = z.infer<typeof distributionSchema>;
export type ProcessUse = z.infer<typeof processSchema>;

/** One tier of the fill scenario with so many saturating sessions on the line, and one more that only types. */
export const fillSchema = z.strictObject({
  scenario: z.literal('fill'),
  tier: z.string(),
  mbps: amount,
  sessions: count,
  seconds: amount,
  /** Delay added between client and gateway, both ways together. */
  baseRoundTripMs: amount,
  /** Wire bytes on the broker's egress towards the gateway, by its own count, over the contract. */
  utilisation: share,
  /** The same in its fullest 100 ms, as far as the samples can tell. */
  utilisationPeak: share,
  /** RFB payload that arrived at the clients, over the contract. */
  goodputShare: share,
  /** Key → agent → pixel → client, in the session that fills the line itself. */
  keyRoundTripMs: z.strictObject({
    idleP50: z.number().nullable(),
    idleP99: z.number().nullable(),
    fullP50: z.number().nullable(),
    fullP99: z.number().nullable(),
    idle: distributionSchema,
    full: distributionSchema,
  }),
  /** The same in a session that shows next to nothing while the others fill the line. */
  otherKeyRoundTripMs: z.strictObject({
    idleP99: z.number().nullable(),
    fullP99: z.number().nullable(),
    idle: distributionSchema,
    full: distributionSchema,
  }),
  /** From the capture of an update to the arrival of its last byte. */
  stalenessP95Ms: z.number().nullable(),
  stalenessMs: distributionSchema,
  /** Over the payload of the saturating sessions; null for a single one. */
  jain: z.number().min(0).max(1).nullable(),
  bytesPerSession: z.array(count).max(2_000),
  /** Patches of the screen that were replaced by fresher ones before they were sent. */
  superseded: count,
  processes: z.array(processSchema),
  /** Wire bits a second on the broker's egress. */
  wireBitsPerSecond: seriesSchema,
  /** What kept the line from being full, if it was not, as measured; null if it was. */
  limitedBy: z.string().nullable(),
});
export type FillResult = z.infer<typeof fillSchema>;

/** How many sessions of the office mix a tier carries until p95 key-to-pixel passes the limit. */
export const officeSchema = z.strictObject({
  scenario: z.literal('office'),
  tier: z.string(),
  mbps: amount,
  baseRoundTripMs: amount,
  /** p95 key-to-pixel that a session count must keep. */
  limitMs: amount,
  /** The largest number of sessions that kept it. */
  sessions: count,
  /** The first that did not; null if the machine's or the run's bound came first. */
  failedAt: count.nullable(),
  /** What ended the search. */
  boundedBy: z.enum(['latency', 'cpu', 'sessions']),
  steps: z.array(
    z.strictObject({
      sessions: count,
      keyRoundTripMs: distributionSchema,
      stalenessMs: distributionSchema,
      utilisation: share,
      /** Wire kbit/s of one session. */
      kbitPerSession: amount,
      processes: z.array(processSchema),
    }),
  ),
});
export type OfficeResult = z.infer<typeof officeSchema>;

/** Office sessions with and without one session that shows nothing but video. */
export const greedySchema = z.strictObject({
  scenario: z.literal('greedy'),
  tier: z.string(),
  mbps: amount,
  baseRoundTripMs: amount,
  officeSessions: count,
  /** One after the other, by turns begun with and without: the machine has fast and slow minutes. */
  rounds: z
    .array(
      z.strictObject({
        without: distributionSchema,
        with: distributionSchema,
        /** p95 with / p95 without. */
        ratioP95: z.number().nullable(),
        greedyGoodputShare: share,
        utilisation: share,
        /** With. */
        processes: z.array(processSchema),
      }),
    )
    .min(1),
  /** The median of the rounds'. */
  ratioP95: z.number().nullable(),
});
export type GreedyResult = z.infer<typeof greedySchema>;

/** One saturating session while the contract changes under it. */
export const stepSchema = z.strictObject({
  scenario: z.literal('step'),
  tiers: z.array(z.string()).min(2),
  baseRoundTripMs: amount,
  /** When each tier came into force, from the beginning of the measured time. */
  changedAtMs: z.array(amount),
  wireBitsPerSecond: seriesSchema,
  /** p95 of staleness in each window of `everyMs`. */
  stalenessP95Ms: seriesSchema,
  /** From the step back up until 95 % of the rate is carried over 200 ms; null if it never was. */
  regainedMs: z.number().nullable(),
  /** From the step down until staleness is back below 250 ms; null if it never was. */
  settledMs: z.number().nullable(),
  processes: z.array(processSchema),
});
export type StepResult = z.infer<typeof stepSchema>;

/** Everybody signs in and opens a desktop within one minute; and what the doors cost by themselves. */
export const morningSchema = z.strictObject({
  scenario: z.literal('morning'),
  users: count,
  withinSeconds: amount,
  signInMs: distributionSchema,
  /** From asking to open until the agent's "ready". */
  openMs: distributionSchema,
  failed: count,
  handshakes: z.strictObject({
    count,
    perSecond: amount,
    p50Ms: amount,
    p99Ms: amount,
    /** of the TLS key exchange */
    group: z.string(),
  }),
  requests: z.array(z.strictObject({ path: z.string(), count, refused: count, p50Ms: amount, p99Ms: amount })),
  processes: z.array(processSchema),
});
export type MorningResult = z.infer<typeof morningSchema>;

/** A client that stops reading, beside others. */
export const slowReaderSchema = z.strictObject({
  scenario: z.literal('slow-reader'),
  tier: z.string(),
  stalledSeconds: amount,
  /** Of the stalled session at the agent: what was in flight at most, and the window it had when the stall began. */
  inFlightMaxBytes: count,
  windowBytes: count,
  /** Bytes in flight never exceeded the window and the record that fills it, with a stalled client and a stalled line. */
  heldWindow: z.boolean(),
  /** What the stalled client found when it read on: how old the first update after the backlog was. */
  firstFreshMs: z.number().nullable(),
  /** The backlog itself: all that was on the path when the stall ended. */
  backlogBytes: count,
  /** Keys of the session beside it, before and during the stall. */
  otherBefore: distributionSchema,
  otherDuring: distributionSchema,
  processes: z.array(processSchema),
});
export type SlowReaderResult = z.infer<typeof slowReaderSchema>;

export type NetworkResult = z.infer<typeof networkSchema>;
export type RelayResult = z.infer<typeof relaySchema>;

/** Many sessions held for a while: nothing lost, memory flat. */
export const soakSchema = z.strictObject({
  scenario: z.literal('soak'),
  sessions: count,
  seconds: amount,
  lost: count,
  keyRoundTripMs: distributionSchema,
  /** RSS in MiB over time by process. */
  memory: z.record(z.string(), seriesSchema),
  /** RSS with all sessions open and idle, less RSS with the first fifth of them, by session in between. */
  idleSessionKiB: z.strictObject({ gateway: z.number(), broker: z.number() }),
  processes: z.array(processSchema),
});
export type SoakResult = z.infer<typeof soakSchema>;

/** What the encoder costs on real desktops, by workload. */
export const encodeSchema = z.strictObject({
  scenario: z.literal('encode'),
  workloads: z.array(
    z.strictObject({
      workload: z.string(),
      /** "office" (simulated) or "tigervnc", with its size. */
      desktop: z.string(),
      seconds: amount,
      kbitPerSecond: amount,
      updatesPerSecond: amount,
      /** Of one core, agent and encoder threads together; a simulated desktop draws itself in it, too. */
      cpuShare: share,
      bytesPerUpdate: distributionSchema,
      /** Why it was not measured; null if it was. */
      missing: z.string().nullable(),
    }),
  ),
});
export type EncodeResult = z.infer<typeof encodeSchema>;

/** Somebody else's deployment, loaded by --target: what its own desktops show. */
export const targetSchema = z.strictObject({
  scenario: z.literal('target'),
  url: z.string(),
  users: count,
  seconds: amount,
  signInMs: distributionSchema,
  openMs: distributionSchema,
  /** From asking for the whole screen until the first byte of an update. */
  refreshMs: distributionSchema,
  bytes: count,
  updates: count,
  lost: count,
  jain: z.number().min(0).max(1).nullable(),
});
export type TargetResult = z.infer<typeof targetSchema>;

export const scenarioSchema = z.discriminatedUnion('scenario', [
  fillSchema,
  officeSchema,
  greedySchema,
  stepSchema,
  morningSchema,
  slowReaderSchema,
  networkSchema,
  relaySchema,
  soakSchema,
  encodeSchema,
  targetSchema,
]);
export type ScenarioResult = z.infer<typeof scenarioSchema>;
export type ScenarioName = ScenarioResult['scenario'];

export const reportSchema = z.strictObject({
  format: z.literal(1),
  /** ISO 8601, UTC. */
  startedAt: z.iso.datetime(),
  seconds: amount,
  /** null for a whole run; else why it ended early: such a report says so on its first line. */
  partial: z.string().nullable(),
  command: z.string(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: count,
    memoryGiB: amount,
    arch: z.string(),
    kernel: z.string(),
    node: z.string(),
    openssl: z.string(),
  }),
  /** Of this project, from git; null outside of a checkout. */
  commit: z.string().nullable(),
  scenarios: z.array(scenarioSchema),
  /** What was asked for and could not be measured, and why. */
  notRun: z.array(z.strictObject({ scenario: z.string(), because: z.string() })),
});
export type Report = z.infer<typeof reportSchema>;
