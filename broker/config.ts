// broker.json. The only file of this folder that reads configuration. Read once at start, except for `line`, which is
// taken over anew while the broker runs (line-file.ts).
import * as z from 'zod';
import { auditSchema } from '#platform/audit/config.ts';
import { edgeSchema } from '#platform/hop/edge-limits.ts';
import { tlsFilesSchema } from '#platform/hop/tls.ts';
import { metricsSchema } from '#platform/metrics/listener.ts';
import { filePath, listenSchema, readConfig } from '#platform/process/config.ts';
import { limitsSchema } from '#platform/process/limits.ts';
import { MUNICIPALITY } from '#protocol/names.ts';
import { usageRatesSchema } from './bill.ts';
import { CONNECTIONS_MAX, HANDSHAKES_PER_SECOND } from './limits.ts';
import { TIER_LABELS } from './tiers.ts';

/**
 * Peers are few hosts with many connections, a gateway's or a municipality's firewall, so one address may have nearly all
 * of them; until one is known it counts as any stranger's.
 */
const edge = edgeSchema({
  connections: CONNECTIONS_MAX,
  connectionsPerAddress: CONNECTIONS_MAX / 2,
  connectionsPerSecondPerAddress: HANDSHAKES_PER_SECOND,
  handshakesPerSecond: HANDSHAKES_PER_SECOND,
});

/** Each side has an authority of its own: a certificate of one is refused by the other. */
const side = z.strictObject({ listen: listenSchema, edge, tls: tlsFilesSchema });

/** Less would be a ban that nobody sees: a session that hardly moves looks like a fault. */
const CEILING_MIN = 0.01;
const ceiling = z.number().min(CEILING_MIN).max(1);

/** Parts of the line, 0 to 1. */
const share = z
  .strictObject({ guarantee: z.number().min(0).max(1), ceiling })
  .refine(({ guarantee, ceiling }) => guarantee <= ceiling, 'the guarantee is above the ceiling');

/** Tenths do not add up to exactly 1 in binary. */
const ROUNDING = 1e-9;

const municipalities = z
  .record(z.string().regex(MUNICIPALITY), share, {
    error: ({ code }) => (code === 'invalid_key' ? 'a municipality is six digits' : undefined),
  })
  .refine(
    (shares) => Object.values(shares).reduce((sum, { guarantee }) => sum + guarantee, 0) <= 1 + ROUNDING,
    'the guarantees add up to more than 1, the whole line',
  );

const line = z.strictObject({
  /** What is contracted for the line to LGWAN. Required: nobody exceeds a contract because a key was left out. */
  tier: z.enum(TIER_LABELS, { error: `a tier is one of ${TIER_LABELS.join(', ')}` }),
  municipalities: municipalities.default({}),
  /** Each municipality that is not named. It has no guarantee, since nobody knows how many there will be. */
  others: z.strictObject({ ceiling }).default({ ceiling: 1 }),
});

const schema = z.strictObject({
  /** Gateways dial in here (kind hop). */
  gatewaySide: side,
  /** Agents dial in here (kind agent). */
  agentSide: side,
  line,
  /** The same ceilings as the gateway's and the agents'; whichever of the three is strictest ends a session. */
  limits: limitsSchema,
  /** A folder: broker.db and audit.jsonl. */
  state: filePath,
  audit: auditSchema,
  /** For npm run meter; without it nobody can ask the running broker. */
  adminSocket: filePath.optional(),
  metrics: metricsSchema,
  /** Left out: usage is metered all the same, and not charged. */
  usageRates: usageRatesSchema.optional(),
});

export type BrokerConfig = z.infer<typeof schema>;
export type SideConfig = BrokerConfig['gatewaySide'];
export type LineConfig = BrokerConfig['line'];

export const readBrokerConfig = (path: string): BrokerConfig => readConfig(path, schema);
