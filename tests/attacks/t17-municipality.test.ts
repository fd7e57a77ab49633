// T17: two municipalities on one gateway. A user id means nothing outside its municipality, and no row, however it came
// into the state, opens another municipality's desktop.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DESKTOP, openBroker, type Peer, type TestBroker } from '#tests/support/broker.ts';
import { HELLO, openGateway, type TestGateway } from '#tests/support/gateway.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
/** Has tanaka's municipality in no certificate: the same name elsewhere. */
const SATO = { municipality: '132012', user: 'sato' };
const FOREIGN = '132012/kikaku/notepad';

let broker: TestBroker;
let test: TestGateway;
let otherAgent: Peer;
let cookies: { tanaka: string; sato: string };

beforeAll(async () => {
  broker = await openBroker();
  await broker.agentLink([DESKTOP]);
  otherAgent = await broker.dial('agent', '/link', broker.pki.otherAgent);
  otherAgent.say({ type: 'presence', desktops: [FOREIGN] });
  test = await openGateway({ pki: broker.pki, brokerPort: broker.broker.gatewayPort });
  const { tanaka, sato } = test.pki.users;
  cookies = {
    tanaka: await test.signIn(tanaka, await test.enrol(TANAKA)),
    sato: await test.signIn(sato, await test.enrol(SATO)),
  };
  await test.admin('entitlement.add', { ...SATO, desktop: FOREIGN });
  await vi.waitUntil(async () => (await list('sato')).text.includes('"online":true'), { timeout: 15_000 });
}, 60_000);
afterAll(async () => {
  await test.close();
  await broker.close();
});

const list = (who: 'tanaka' | 'sato') => test.ask(test.pki.users[who], '/api/desktops', { cookie: cookies[who] });
const open = (who: 'tanaka' | 'sato', desktop: string) =>
  test.ask(test.pki.users[who], '/api/desktops/open', {
    ...{ method: 'POST', cookie: cookies[who] },
    body: { desktop, mode: 'open', hello: HELLO },
  });

describe("T17: another municipality's desktop", () => {
  it('cannot be entitled', async () => {
    await expect(test.admin('entitlement.add', { ...TANAKA, desktop: FOREIGN })).rejects.toThrow(
      'another municipality',
    );
  });

  it('cannot be opened even with a row in the state that says so', async () => {
    await test.store.put(`entitlement/131016/tanaka/${FOREIGN}`, { label: '偽' });
    expect((await list('tanaka')).json).toEqual({ desktops: [] });
    const answer = await open('tanaka', FOREIGN);
    expect([answer.status, answer.json?.code]).toEqual([403, 'NOT_ENTITLED']);
    expect(test.audit.of('open-refused').at(-1)).toMatchObject({ reason: 'DESKTOP_UNKNOWN', ...TANAKA });
    expect(otherAgent.of('offer')).toEqual([]);
  });

  it('is neither listed nor told apart from one that does not exist', async () => {
    const [foreign, nothing] = [await open('tanaka', FOREIGN), await open('tanaka', '132012/kikaku/nothing')];
    expect(foreign.text).toBe(nothing.text);
  });

  it('can be opened by its own people', async () => {
    expect((await open('sato', FOREIGN)).json).toMatchObject({ municipality: '132012', desktop: FOREIGN });
    expect((await open('sato', DESKTOP)).status).toBe(403);
  });
});

describe('T17: the same user id in two municipalities', () => {
  const namesake = { municipality: '132012', user: 'tanaka' };

  it('has its own account, factor, session and entitlements', async () => {
    const code = await test.enrol(namesake);
    await test.admin('entitlement.add', { ...namesake, desktop: FOREIGN });
    // tanaka of 131016 does not get in with the namesake's code, nor sees the namesake's desktops.
    test.pass(30_000);
    const { tanaka } = test.pki.users;
    const answer = await test.ask(tanaka, '/api/sign-in/totp', { method: 'POST', body: { code: await code() } });
    expect(answer.status).toBe(401);
    expect((await list('tanaka')).json).toEqual({ desktops: [] });
  });

  it('is not ended by what happens to the other', async () => {
    await test.admin('user.disable', namesake);
    await test.admin('totp.reset', namesake);
    expect((await test.ask(test.pki.users.tanaka, '/api/session', { cookie: cookies.tanaka })).status).toBe(200);
  });
});

describe('T17: the municipality', () => {
  it('comes from the certificate; a request has no place for it', async () => {
    const body = { desktop: FOREIGN, mode: 'open', hello: HELLO, municipality: '132012' };
    const answer = await test.ask(test.pki.users.tanaka, '/api/desktops/open', {
      ...{ method: 'POST', cookie: cookies.tanaka, body },
    });
    expect(answer.json?.code).toBe('BAD_REQUEST');
  });
});
