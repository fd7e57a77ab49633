// agent.json. The only file of this folder that reads configuration. Read once at start, except for `desktops` and
// `grantKeys`, which are taken over anew while the agent runs (agent-file.ts).
import * as z from 'zod';
import { auditSchema } from '#platform/audit/config.ts';
import { tlsFilesSchema } from '#platform/hop/tls.ts';
import { metricsSchema } from '#platform/metrics/listener.ts';
import { filePath, readConfig } from '#platform/process/config.ts';
import { limitsSchema } from '#platform/process/limits.ts';
import { DESKTOPS_PER_AGENT_MAX } from '#protocol/limits.ts';
import { NAME } from '#protocol/names.ts';
import { lockSchema } from './desktop/lock.ts';

const office = z.strictObject({ name: z.string().regex(NAME), kind: z.literal('office') });
const vnc = z.strictObject({
  name: z.string().regex(NAME),
  kind: z.literal('vnc'),
  /** unix:/path/of.sock or a literal loopback address with a port; the desktop refuses anything else (T08) */
  address: z.string().min(1).max(256),
  passwordFile: filePath.optional(),
  /** Required: nobody leaves a desktop open because a key was forgotten. The office desktop locks itself. */
  lock: lockSchema,
});

/** What a passkey's proof must name. The page makes its passkeys for its own host and for no domain above it. */
const webauthn = z
  .strictObject({
    rpId: z.string().regex(/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/),
    origins: z
      .array(z.url({ protocol: /^https$/ }))
      .min(1)
      .max(8),
  })
  .refine(({ rpId, origins }) => origins.every((origin) => isOriginOf(rpId, origin)), {
    error: 'each of origins must be https://HOST or https://HOST:PORT, with HOST the rpId',
  });

const schema = z.strictObject({
  broker: z.strictObject({ url: z.url({ protocol: /^wss$/ }), serverName: z.string().min(1), tls: tlsFilesSchema }),
  identityKey: filePath,
  grantKeys: z.array(filePath).min(1).max(2),
  desktops: z
    .array(z.discriminatedUnion('kind', [office, vnc]))
    .min(1)
    .max(DESKTOPS_PER_AGENT_MAX)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'two desktops have the same name'),
  /** Without it no passkey can be paired. */
  webauthn: webauthn.optional(),
  state: filePath,
  audit: auditSchema,
  socket: filePath,
  metrics: metricsSchema,
  limits: limitsSchema,
});

function isOriginOf(rpId: string, origin: string): boolean {
  const url = URL.parse(origin);
  return url?.origin === origin && url.hostname === rpId;
}

export type AgentConfig = z.infer<typeof schema>;
export type DesktopConfig = AgentConfig['desktops'][number];

export const readAgentConfig = (path: string): AgentConfig => readConfig(path, schema);
