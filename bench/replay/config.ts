// replay.json, which bench writes for its own agent process.
import * as z from 'zod';
import { tlsFilesSchema } from '#platform/hop/tls.ts';
import { filePath, readConfig } from '#platform/process/config.ts';
import { DESKTOPS_PER_AGENT_MAX } from '#protocol/limits.ts';
import { NAME } from '#protocol/names.ts';

const desktop = z.strictObject({
  name: z.string().regex(NAME),
  /** Who is paired with it from the start, and with which key: SEC1 uncompressed, 65 bytes, base64url. */
  user: z.string().regex(NAME),
  publicKey: z.string().length(87),
});

const schema = z.strictObject({
  broker: z.strictObject({ url: z.url({ protocol: /^wss$/ }), serverName: z.string().min(1) }),
  agents: z
    .array(z.strictObject({ tls: tlsFilesSchema, desktops: z.array(desktop).min(1).max(DESKTOPS_PER_AGENT_MAX) }))
    .min(1)
    .max(64),
  identityKey: filePath,
  grantKeys: z.array(filePath).min(1).max(2),
  state: filePath,
  socket: filePath,
});

export type ReplayConfig = z.infer<typeof schema>;

export const readReplayConfig = (path: string): ReplayConfig => readConfig(path, schema);
