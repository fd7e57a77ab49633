// What administrators take away stands in the audit log with the name of who did it (G1).
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDesk } from '#tests/support/enrolment.ts';
import { openGateway, type TestGateway } from '#tests/support/gateway.ts';
import { makeUserKey, numberOf, submitKey } from '#web/core/enrolment.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const HOUR_MS = 3_600_000;
/** After so many failures in a row a factor is of no use (SP 800-63B-4 §3.2.2). */
const FAILURES_MAX = 100;

let test: TestGateway;
beforeEach(async () => {
  test = await openGateway();
});
afterEach(() => test.close());

it('a sign-in that was ended', async () => {
  await test.signIn(test.pki.users.tanaka, await test.enrol(TANAKA));
  expect(await test.admin('session.end-user', TANAKA)).toEqual({ ended: 0, signedOut: true });
  expect(test.audit.of('sign-in-ended')).toEqual([expect.objectContaining({ ...TANAKA, by: 'local' })]);
});

it('a change of the policy that was held, and withdrawn', async () => {
  const { municipality } = TANAKA;
  await test.admin('policy.set', { municipality, idleSeconds: 600 });
  await test.admin('policy.set', { municipality, idleSeconds: 900 });
  const [held] = test.audit.of('policy-change-held');
  expect(held).toMatchObject({ municipality, by: 'local', policy: expect.stringContaining('"idleSeconds":900') });
  await test.admin('policy.refuse', { municipality, id: held?.change });
  expect(test.audit.of('policy-change-withdrawn')).toEqual([
    expect.objectContaining({ municipality, change: held?.change, by: 'local' }),
  ]);
});

it('an enrolment that was declined', async () => {
  const desk = openDesk(test);
  const key = await makeUserKey();
  await submitKey(desk.device.request, await desk.codeFor(TANAKA), key, '田中太郎');
  const request = await numberOf(key);
  await test.admin('enrolment.refuse', { request });
  expect(test.audit.of('enrolment-declined')).toEqual([expect.objectContaining({ ...TANAKA, request, by: 'local' })]);
  desk.close();
});

it('a factor that has failed a hundred times', async () => {
  await test.enrol(TANAKA);
  const wrong = () =>
    test.ask(test.pki.users.tanaka, '/api/sign-in/totp', { method: 'POST', body: { code: '000000' } });
  for (let i = 0; i < FAILURES_MAX; i++) {
    expect((await wrong()).json?.code).toBe('SIGN_IN_REFUSED');
    test.pass(2 * HOUR_MS);
  }
  expect(test.audit.of('factor-locked')).toEqual([]);
  expect((await wrong()).json?.code).toBe('SIGN_IN_LATER');
  expect(test.audit.of('factor-locked')).toEqual([expect.objectContaining({ ...TANAKA, factor: 'totp' })]);
});
