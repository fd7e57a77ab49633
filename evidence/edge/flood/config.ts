// What the flood is told, on one line of JSON: whom to flood, from how many addresses of this machine, how.
import * as z from 'zod';
import { tlsFilesSchema } from '#platform/hop/tls-files.ts';

const to = {
  port: z.int().min(1).max(65_535),
  /** 127.BLOCK.x.y: two floods at the same time are strangers to each other. */
  block: z.int().min(2).max(250),
  addresses: z.int().min(1).max(250),
  seconds: z.number().min(0.5).max(30),
};

export const floodSchema = z.discriminatedUnion('kind', [
  /** TLS handshakes without a certificate in so many rows; whole ones, with the tickets of those before, if `resume`. */
  z.strictObject({
    ...to,
    kind: z.literal('handshakes'),
    rows: z.int().min(1).max(1_000),
    perSecond: z.number().min(1).max(5_000),
    resume: z.boolean(),
  }),
  /** Connections that are opened together and then take their time. */
  z.strictObject({
    ...to,
    kind: z.enum(['silent', 'dripping-hello', 'spare', 'dripping-header', 'dripping-body']),
    connections: z.int().min(1).max(4_000),
  }),
  /** Peers whose certificate holds and who never say which session they came for. */
  z.strictObject({ ...to, kind: z.literal('mute-agents'), connections: z.int().min(1).max(200), tls: tlsFilesSchema }),
  /** Users who have signed in: WebSockets without a ticket, openings without a hello, junk behind the upgrade. */
  z.strictObject({
    ...to,
    kind: z.literal('half-open'),
    gateway: z.url({ protocol: /^https$/ }),
    credentials: z.array(z.string()).min(1).max(8),
    mutes: z.int().min(0).max(60),
    openings: z.int().min(0).max(12),
    junk: z.int().min(0).max(50),
  }),
  /** A hostile broker: whoever dials in is offered sessions without a pause. */
  z.strictObject({ ...to, kind: z.literal('offers'), tls: tlsFilesSchema }),
]);

export type Flood = z.infer<typeof floodSchema>;
export type FloodOf<K extends Flood['kind']> = Extract<Flood, { kind: K }>;

/** Where the i-th connection comes from, and where it goes. */
export function wayOf({ port, block, addresses }: Flood, i: number) {
  return { host: '127.0.0.1', port, localAddress: `127.${block}.1.${(i % addresses) + 1}` };
}
