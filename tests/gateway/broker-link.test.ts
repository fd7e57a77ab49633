import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { serverTls } from '#platform/hop/tls.ts';
import { openGateway } from '#tests/support/gateway.ts';
import { demoPki } from '#tests/support/pki.ts';

it('writes down that what answered in the place of the broker was none, and sends it nothing (T11)', async () => {
  const pki = await demoPki();
  const requests: string[] = [];
  // A gateway's own certificate: of the right authority, and for no server.
  const server = createServer(serverTls(pki.gatewayToBroker), ({ url }) => void requests.push(url ?? ''));
  server.on('upgrade', ({ url }) => void requests.push(url ?? ''));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const test = await openGateway({ pki, brokerPort: (server.address() as AddressInfo).port });
  await expect
    .poll(() => test.audit.of('certificate-refused')[0])
    .toMatchObject({
      kind: 'hop',
      reason: 'CERTIFICATE_WRONG_USAGE',
    });
  expect(requests).toEqual([]);
  await test.close();
  server.close();
});
