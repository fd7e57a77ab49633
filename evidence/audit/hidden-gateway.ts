// A hostile gateway: the product's own, with the keys and the state of its host, that writes nothing down. It serves from
// this process under the configuration of a gateway that was stopped.
import { join } from 'node:path';
import { readGatewayConfig } from '#gateway/config.ts';
import { startGateway } from '#gateway/gateway.ts';
import { openGrantKey } from '#gateway/grants.ts';
import { openFactorSeal } from '#gateway/sign-in/factors.ts';
import type { Audit } from '#platform/audit/chain.ts';
import { createLog } from '#platform/process/log.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';

const SILENT: Audit = { record() {}, anchor() {}, checkpoint() {}, close() {}, healthy: true };

export async function withHiddenGateway(configPath: string, work: () => Promise<void>): Promise<void> {
  const config = readGatewayConfig(configPath);
  const store = openSqliteStore(join(config.state, 'state.sqlite'), { now: Date.now });
  try {
    const gateway = await startGateway(config, {
      ...{ store, audit: SILENT, log: createLog('hidden', { write() {} }) },
      seal: (await openFactorSeal(config.factorKey, store)).seal,
      grantKey: (await openGrantKey(config.grantKey)).key,
      ...{ now: Date.now, monotonic: () => performance.now(), random: Math.random },
    });
    try {
      await gateway.forgetEarlierLife();
      await work();
    } finally {
      await gateway.close();
    }
  } finally {
    store.close();
  }
}
