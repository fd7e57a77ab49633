// load.json, which bench writes for its own client process.
import * as z from 'zod';
import { filePath, readConfig } from '#platform/process/config.ts';

const schema = z.strictObject({
  gateway: z.url({ protocol: /^https$/ }),
  /** Where the gateway's name leads to, if not to its own address: a line of the lab. */
  via: z.string().nullable(),
  /** From how many addresses of this machine the users come, in turn. */
  addresses: z.int().min(1).max(250).default(1),
  /** A folder with one credentials folder for each user. */
  credentials: filePath,
  /** The desktops are bench's own (replay). */
  stamped: z.boolean(),
  socket: filePath,
});

export type LoadConfig = z.infer<typeof schema>;

export const readLoadConfig = (path: string): LoadConfig => readConfig(path, schema);
