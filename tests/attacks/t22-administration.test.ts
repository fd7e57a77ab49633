// T22: the administrators' listener. Who holds one administrator's browser or certificate, or is an administrator of another
// municipality, gets no further than that.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Action } from '#gateway/administration/action.ts';
import { type ActionParts, actions } from '#gateway/administration/actions.ts';
import { openAdministered, type TestAdministration, type Who } from '#tests/support/administration.ts';
import { DESKTOP, openBroker, type TestBroker } from '#tests/support/broker.ts';

const PARTS = { authenticators: {}, ofAdministrators: {}, enrolment: {} } as ActionParts;
const TABLE: readonly Action[] = actions(PARTS).filter(({ only }) => only !== 'socket');
const TANAKA = { municipality: '131016', user: 'tanaka' };
const SATO = { municipality: '132012', user: 'sato' };
const FOREIGN = '132012/kikaku/notepad';
const SCRIPT = '<img src=x onerror=alert(1)>';

let broker: TestBroker;
let test: TestAdministration;
let codes: Record<Who, () => Promise<string>>;
let cookies: Record<Who, string>;

beforeAll(async () => {
  broker = await openBroker();
  await broker.agentLink([DESKTOP]);
  const otherAgent = await broker.dial('agent', '/link', broker.pki.otherAgent);
  otherAgent.say({ type: 'presence', desktops: [FOREIGN] });
  test = await openAdministered({ pki: broker.pki, brokerPort: broker.broker.gatewayPort });
  codes = { yamada: await test.employ('yamada'), honda: await test.employ('honda'), mori: await test.employ('mori') };
  cookies = { yamada: '', honda: '', mori: '' };
  for (const who of ['yamada', 'honda', 'mori'] as const) await again(who);
  await test.admin('user.add', { ...TANAKA, name: SCRIPT });
  await test.admin('user.add', { ...SATO, name: '佐藤' });
  await test.admin('entitlement.add', { ...TANAKA, desktop: DESKTOP, label: SCRIPT });
  await test.store.put(`slot/desktop/${DESKTOP}`, live(TANAKA, DESKTOP, 'a'));
  await test.store.put(`slot/user/131016/tanaka`, live(TANAKA, DESKTOP, 'a'));
  await test.store.put(`slot/desktop/${FOREIGN}`, live(SATO, FOREIGN, 'b'));
  await test.store.put(`slot/user/132012/sato`, live(SATO, FOREIGN, 'b'));
  await vi.waitUntil(
    async () => (await act('desktop.list', {}, 'yamada')).text.includes(`"${FOREIGN}","online":true`),
    {
      timeout: 15_000,
    },
  );
}, 60_000);
afterAll(async () => {
  await test.close();
  await broker.close();
});

function live(who: typeof TANAKA, desktop: string, digit: string) {
  const slot = { ...who, desktop, session: digit.repeat(32), startedAt: Date.now(), address: '192.0.2.7' };
  return { ...slot, holder: 'another process', endRequestedBy: null };
}

async function again(who: Who): Promise<void> {
  cookies[who] = await test.signInAs(who, codes[who]);
}

const act = (action: string, body?: object, who: Who = 'mori') => test.act(who, cookies[who], action, body);

/** A body without fault about another municipality than mori's, where the action names one. */
const CHANGE = { municipality: '131016', id: '0123456789abcdef' };
const ABOUT_OTHERS: Readonly<Record<string, object>> = {
  'user.add': { ...TANAKA, name: '偽' },
  'user.enable': TANAKA,
  'user.disable': TANAKA,
  'factor.list': TANAKA,
  'factor.remove': { ...TANAKA, factor: 'all' },
  'factor.activation': TANAKA,
  'enrolment.code': TANAKA,
  'entitlement.add': { ...TANAKA, desktop: DESKTOP },
  'entitlement.remove': { ...TANAKA, desktop: DESKTOP },
  'session.end-user': TANAKA,
  'policy.show': { municipality: '131016' },
  'policy.set': { municipality: '131016', password: true },
  'policy.approve': CHANGE,
  'policy.refuse': CHANGE,
};
/** Those that name none: they look only at what the administrator is in charge of. */
const LISTS = [
  ...['user.list', 'status', 'session.list', 'desktop.list', 'policy.list'],
  ...['enrolment.list', 'enrolment.export'],
];
/** By the number of one thing; what is another's is as good as none (see also boundary.test.ts). */
const BY_NUMBER = ['session.end', 'enrolment.import', 'enrolment.refuse'];

describe('T22: an administrator of another municipality', () => {
  it('meets every action of the table in this test', () => {
    expect(TABLE.map(({ name }) => name).sort()).toEqual([...Object.keys(ABOUT_OTHERS), ...LISTS, ...BY_NUMBER].sort());
  });

  it.each(Object.entries(ABOUT_OTHERS))('may not %s, and learns nothing by trying', async (name, body) => {
    await again('mori');
    const answer = await act(name, body);
    expect([answer.status, answer.json?.code]).toEqual([403, 'NOT_IN_CHARGE']);
    const nobody = await act(name, { ...body, municipality: '999999' });
    expect(nobody.text, 'as for one that does not exist').toBe(answer.text);
    expect(test.audit.of('administration-refused').at(-1)).toMatchObject({
      ...{ action: name, by: 'mori', reason: 'MUNICIPALITY_OF_OTHERS' },
    });
  });

  it('changes nothing there by all of that', async () => {
    const { users } = (await test.admin('user.list', { municipality: '131016' })) as { users: object[] };
    expect(users).toEqual([expect.objectContaining({ ...TANAKA, enabled: true, desktops: [DESKTOP] })]);
    expect(await test.admin('policy.show', { municipality: '131016' })).toMatchObject({ policy: { password: false } });
  });

  it.each(LISTS)('sees with %s only the own', async (name) => {
    const answer = await act(name);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('131016');
    expect((await act(name, {}, 'yamada')).text.length, 'who is in charge of all sees more').toBeGreaterThanOrEqual(
      answer.text.length,
    );
  });

  it('counts and ends only the own sessions', async () => {
    expect((await act('status')).json).toMatchObject({ sessions: 1 });
    const foreign = await act('session.end', { session: 'a'.repeat(32) });
    const unknown = await act('session.end', { session: 'c'.repeat(32) });
    expect([foreign.status, foreign.json?.code]).toEqual([409, 'NOT_POSSIBLE']);
    expect(String(foreign.json?.detail).replaceAll('a', 'c')).toBe(String(unknown.json?.detail).replaceAll('a', 'c'));
    expect((await act('session.end', { all: true })).json).toEqual({ ended: 1 });
    const slots = JSON.stringify(await test.store.list('slot/user/'));
    expect(slots).toMatch(/132012[^}]*"endRequestedBy":"administrator"/);
    expect(slots).not.toMatch(/131016\/tanaka[^}]*"endRequestedBy":"administrator"/);
    expect(test.audit.of('session-end-asked')).toEqual([expect.objectContaining({ ...SATO, by: 'mori' })]);
  });

  it('is nobody with a certificate that says more than its row', async () => {
    await again('mori');
    await test.store.put('administrator/mori', {
      ...{ municipality: '131016', enabled: true, lastSignIn: null, certificateExpiresAt: null },
    });
    const answer = await act('policy.show', { municipality: '131016' });
    expect([answer.status, answer.json?.code]).toEqual([401, 'SIGN_IN_REFUSED']);
    await test.store.put('administrator/mori', {
      ...{ municipality: '132012', enabled: true, lastSignIn: null, certificateExpiresAt: null },
    });
  });
});

describe('T22: a page elsewhere, in an administrator’s browser', () => {
  const ask = (headers: Record<string, string>, body: unknown = { session: 'a'.repeat(32) }) =>
    test.askAdmin(test.pki.administrators.yamada, '/api/administration/session.end', {
      ...{ method: 'POST', cookie: cookies.yamada, body, headers },
    });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ["the users' page", { origin: 'https://telework.example.jp' }],
    ['the same host on another port', { origin: 'https://localhost' }],
    ['an opaque origin', { origin: 'null' }],
    ['none at all', {} as Record<string, string>],
  ])('changes nothing from %s, cookie and certificate or not', async (_, headers) => {
    const answer = await ask(headers);
    expect([answer.status, answer.json?.code]).toEqual([400, 'BAD_REQUEST']);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(test.audit.of('bypass-attempt').at(-1)).toMatchObject({ reason: 'ORIGIN_WRONG', user: 'yamada' });
  });

  it('gets no answer to a preflight, and a form’s body is none', async () => {
    const { yamada } = test.pki.administrators;
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const preflight = await test.askAdmin(yamada, '/api/administration/session.end', { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(400);
    const form = await ask({ origin: test.adminOrigin, 'content-type': 'text/plain' }, '{"all":true}');
    expect(form.json?.code).toBe('BAD_REQUEST');
  });
});

describe('T22: what people and agents call themselves', () => {
  it('is JSON and never markup, and no browser takes it for any', async () => {
    for (const action of ['user.list', 'session.list', 'desktop.list']) {
      const answer = await act(action, {}, 'yamada');
      expect(answer.headers).toMatchObject({
        ...{ 'content-type': 'application/json; charset=utf-8', 'x-content-type-options': 'nosniff' },
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      });
    }
    const { users } = (await act('user.list', {}, 'yamada')).json as { users: { name: string }[] };
    expect(users.map(({ name }) => name)).toContain(SCRIPT);
  });

  it('holds nothing that a terminal or a browser would obey', async () => {
    await again('yamada');
    for (const name of ['a\u0000b', 'a\u001b[31m', 'a\u202eb', 'a\u2028b', '']) {
      expect((await act('user.add', { municipality: '131016', user: 'x', name }, 'yamada')).json?.code).toBe(
        'BAD_REQUEST',
      );
    }
  });
});
