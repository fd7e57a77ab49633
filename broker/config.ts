// broker.json, read once. The only file of this folder that reads configuration.
import * as z from 'zod';
import { tlsFilesSchema } from '#platform/hop/tls.ts';
import { filePath, listenSchema, readConfig } from '#platform/process/config.ts';

/** Each side has an authority of its own: a certificate of one is refused by the other. */
const side = z.strictObject({ listen: listenSchema, tls: tlsFilesSchema });

const schema = z.strictObject({
  /** Gateways dial in here (kind hop). */
  gatewaySide: side,
  /** Agents dial in here (kind agent). */
  agentSide: side,
  /** Folder of the audit log. */
  state: filePath,
});

export type BrokerConfig = z.infer<typeof schema>;
export type SideConfig = BrokerConfig['gatewaySide'];

export const readBrokerConfig = (path: string): BrokerConfig => readConfig(path, schema);
