// gateway.json: read once at start, frozen.
import * as z from 'zod';
import { auditSchema } from '#platform/audit/config.ts';
import { edgeSchema } from '#platform/hop/edge-limits.ts';
import { tlsFilesSchema } from '#platform/hop/tls.ts';
import { ownFilesSchema } from '#platform/hop/tls-files.ts';
import { metricsSchema } from '#platform/metrics/listener.ts';
import { filePath, listenSchema, readConfig } from '#platform/process/config.ts';
import { limitsSchema } from '#platform/process/limits.ts';

const hostName = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'a host name');

/** Raise `connectionsPerAddress` and its rate where a proxy that passes TLS through stands in front. */
const edge = edgeSchema();

const administrationSchema = z.strictObject({
  listen: listenSchema,
  edge,
  /** Its authority is the administrators' (kind admin), and so is its own certificate's. */
  tls: tlsFilesSchema,
  /** As of `webauthn`, for administrators' passkeys. */
  rpId: hostName,
  rpName: z.string().min(1).max(64),
  page: filePath.optional(),
});
export type AdministrationConfig = z.infer<typeof administrationSchema>;

const schema = z.strictObject({
  listen: listenSchema,
  edge,
  /** Origins of pages that may use this gateway, beside those that it serves itself. */
  origins: z.array(
    z.string().refine(isOrigin, 'an origin as browsers send it, such as https://host or https://host:8443'),
  ),
  tls: tlsFilesSchema,
  broker: z.strictObject({
    url: z.string().regex(/^wss:\/\/[^/\s]+$/, 'a URL such as wss://host:port, without a path'),
    serverName: z.string().min(1),
    tls: tlsFilesSchema,
  }),
  grantKey: filePath,
  factorKey: filePath,
  /** A folder: state.sqlite and audit.jsonl. */
  state: filePath,
  audit: auditSchema,
  adminSocket: filePath,
  /** Left out: no listener, and the Unix socket is the only way to administrate. */
  administration: administrationSchema.optional(),
  metrics: metricsSchema,
  /** A folder that `npm run page` made; left out, the gateway serves no page. */
  page: filePath.optional(),
  /** Left out: nobody signs in with a passkey. */
  webauthn: z
    .strictObject({
      /** A host name that every page's is, or ends with; passkeys are bound to it for good. */
      rpId: hostName,
      /** What an authenticator shows. */
      rpName: z.string().min(1).max(64),
      /** PEM: authorities of makers, for policies that demand hardware-bound keys. */
      attestationRoots: filePath.optional(),
    })
    .optional(),
  /** The second listener, where users without a certificate ask for one; left out, there is none. */
  enrolment: z.strictObject({ listen: listenSchema, edge, tls: ownFilesSchema, page: filePath.optional() }).optional(),
  /** A municipality's policy can tighten them further. */
  limits: limitsSchema,
});

/** Written otherwise, say with :443, it would never be equal to an Origin header. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.origin === text;
}

export type GatewayConfig = z.infer<typeof schema>;

/** @throws Failure naming the file and the first key that is wrong */
export function readGatewayConfig(path: string): GatewayConfig {
  return readConfig(path, schema);
}
