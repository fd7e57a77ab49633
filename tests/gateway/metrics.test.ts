import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Metrics } from '#platform/metrics/metrics.ts';
import { exposed, valueIn } from '#tests/support/exposition.ts';
import { openGateway, type TestGateway } from '#tests/support/gateway.ts';

let test: TestGateway;
const metrics = new Metrics('gateway');
beforeAll(async () => {
  test = await openGateway();
  test.gateway.expose(metrics);
}, 60_000);
afterAll(() => test.close());

describe('the gateway’s metrics', () => {
  it('count every request that the doors refuse, also those that are no audit event', async () => {
    const before = await exposed(metrics);
    const refused = async (code: string) =>
      valueIn(await exposed(metrics), 'telework_http_refusals_total', { code }) -
      valueIn(before, 'telework_http_refusals_total', { code });
    await test.ask(null, '/healthz');
    await test.ask(test.pki.users.tanaka, '/nothing');
    await test.ask(test.pki.users.tanaka, '/api/desktops');
    await test.ask(test.pki.users.tanaka, '/api/desktops');
    await test.ask(test.pki.users.tanaka, '/healthz', { method: 'PUT' });
    expect(await refused('CERTIFICATE_REQUIRED')).toBe(1);
    expect(await refused('NOT_FOUND')).toBe(1);
    expect(await refused('SESSION_REQUIRED')).toBe(2);
    expect(await refused('METHOD_WRONG')).toBe(1);
    expect(await refused('TOO_MANY')).toBe(0);
    expect(test.audit.events.filter(({ reason }) => reason === 'SESSION_MISSING')).toEqual([]);
  });

  it('tell who is at each listener, strangers apart', async () => {
    const samples = await exposed(metrics);
    const listeners = samples.filter(({ name }) => name === 'telework_connections').map(({ labels }) => labels);
    expect(listeners).toEqual(
      ['user', 'enrolment'].flatMap((listener) => ['known', 'strangers'].map((state) => ({ listener, state }))),
    );
  });

  it('say that the broker is not linked and nobody works', async () => {
    const samples = await exposed(metrics);
    expect(valueIn(samples, 'telework_control_links', { peer: 'broker' })).toBe(0);
    expect(valueIn(samples, 'telework_sessions_opening')).toBe(0);
    expect(samples.filter(({ name }) => name === 'telework_sessions_live')).toEqual([]);
  });
});
