// The key "audit" of gateway.json, broker.json and agent.json. It may be left out, and so may each of its keys.
import * as z from 'zod';
import { filePath } from '../process/config.ts';
import { syslogSchema } from './syslog/config.ts';

const MIB = 1024 * 1024;
/** For good, as far as a log goes. */
const DAYS_MAX = 36_500;

export const auditSchema = z
  .strictObject({
    /** A checkpoint that often. Two neighbours keep it as an anchor, so it is not to be had more often. */
    checkpointSeconds: z.int().min(30).max(600).default(60),
    /** A file is closed before it grows beyond this, and with each day (UTC). */
    fileBytes: z
      .int()
      .min(1_024)
      .max(1_024 * MIB)
      .default(64 * MIB),
    /** How long a closed file stays in the state folder (G5). */
    onlineDays: z.int().min(1).max(DAYS_MAX).default(366),
    /** How long it stays in the archive after that. Then it is removed. */
    archiveDays: z.int().min(0).max(DAYS_MAX).default(1_096),
    /** A folder, here or on another volume; "archive" in the state folder if it is left out. */
    archive: filePath.optional(),
    syslog: syslogSchema.optional(),
  })
  .prefault({});

export type AuditConfig = z.infer<typeof auditSchema>;
