// "audit.syslog" of gateway.json, broker.json and agent.json: where the log is shipped. Left out, it is shipped nowhere.
import * as z from 'zod';
import { ownFilesSchema } from '../../hop/tls-files.ts';
import { filePath } from '../../process/config.ts';

const MIB = 1024 * 1024;

export const syslogSchema = z.strictObject({
  host: z.string().min(1).max(253),
  /** syslog-tls (RFC 5425 §4.1). */
  port: z.int().min(1).max(65_535).default(6514),
  /** A DNS name or an address that stands in the collector's certificate. */
  serverName: z.string().min(1).max(253),
  tls: ownFilesSchema.extend({
    /** Who may sign the collector's certificate. */
    authorities: filePath,
    /** Lists of those authorities. Left out where the collector's authority publishes none; a warning says so. */
    revocations: filePath.optional(),
  }),
  /** An event that the collector has not got for so long stops new sessions (G4). */
  behindSeconds: z.int().min(10).max(86_400).default(600),
  /** So do events of so many bytes. */
  behindBytes: z
    .int()
    .min(64 * 1024)
    .max(1_024 * MIB)
    .default(16 * MIB),
});

export type SyslogConfig = z.infer<typeof syslogSchema>;
