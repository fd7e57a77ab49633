// load.json, which bench writes for its own client process.
import * as z from 'zod';
import { filePath, readConfig } from '#platform/process/config.ts';

const schema = z.strictObject({
  gateway: z.url({ protocol: /^https$/ }),
  /** Where the gateway's name leads to, if not to its own address: a line of the lab. */
  via: z.string().nullable(),
  /** A folder with one credentials folder for each user. */
  credentials: filePath,
  /** The desktops are bench's own (replay). */
  stamped: z.boolean(),
  socket: filePath,
});

export type LoadConfig = z.infer<typeof schema>;

export const readLoadConfig = (path: string): LoadConfig => readConfig(path, schema);
