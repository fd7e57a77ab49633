// Two listeners that are weak on purpose, for the scans to find: positive controls.

import type { ServerOptions } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certified } from './cases.ts';

export const WEAK = {
  /** Old versions and CBC. */
  old: { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0' },
  /** The right version with a suite and a group that are not on the list. */
  loose: {
    minVersion: 'TLSv1.3',
    ciphers: 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
    ecdhCurve: 'P-521:X25519',
  },
} as const satisfies Record<string, ServerOptions>;
export type WeakName = keyof typeof WEAK;

export async function listenWeakly({ privateKey, cert }: Certified, how: WeakName) {
  const server = createServer({ key: privateKey, cert, ...WEAK[how] }, (_, response) => response.end());
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
