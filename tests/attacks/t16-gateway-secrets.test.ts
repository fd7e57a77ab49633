// T16: secrets where they do not belong. One whole life of a session at the gateway, then a search for every secret that
// was used, as text and as bytes, in its log, its audit events and its state files. What must be found is searched for
// as well, so that the search is known to see.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DESKTOP } from '#tests/support/broker.ts';
import { HELLO } from '#tests/support/gateway.ts';
import { type Live, openRelayed, type Relayed, TANAKA } from '#tests/support/relayed.ts';

let test: Relayed;
let live: Live;
const codes: string[] = [];
let secret: string;

beforeAll(async () => {
  test = await openRelayed();
  const { gateway } = test;
  const { tanaka, suzuki } = gateway.pki.users;
  // Enrolled anew, so that the secret passes through here.
  await gateway.admin('totp.reset', TANAKA);
  const { uri } = await gateway.admin('totp.enrol', TANAKA);
  secret = new URL(String(uri)).searchParams.get('secret') ?? '';
  const { generate } = await import('otplib');
  const code = async () => {
    const made = await generate({ secret, epoch: Math.floor(gateway.now() / 1000) });
    codes.push(made);
    return made;
  };
  for (const wrong of ['918273', '645546']) {
    codes.push(wrong);
    await gateway.ask(tanaka, '/api/sign-in/totp', { method: 'POST', body: { code: wrong } });
    await gateway.ask(suzuki, '/api/sign-in/totp', { method: 'POST', body: { code: wrong } });
  }
  test.cookie = await gateway.signIn(tanaka, code);
  live = await test.open();
  // Trouble of every kind, since errors are where secrets slip out.
  await gateway.ask(tanaka, '/api/sign-in/totp', { method: 'POST', body: `{"code":"918273"` });
  await gateway.ask(suzuki, '/api/session', { cookie: test.cookie });
  await gateway.ask(tanaka, '/api/desktops/open', {
    ...{ method: 'POST', cookie: test.cookie, body: { desktop: DESKTOP, mode: 'open', hello: HELLO } },
  });
  const second = await gateway.dial(tanaka, test.cookie);
  second.socket.sendText(JSON.stringify({ type: 'ticket', ticket: live.ticket }));
  await second.ended();
  test.agent.say({ type: 'nonce', session: live.session, nonce: 'N'.repeat(22) });
  await test.agent.next('lease');
}, 60_000);
afterAll(() => test.close());

function everythingWritten(): { name: string; bytes: Buffer }[] {
  const { folder, audit } = test.gateway;
  const files = readdirSync(folder)
    .filter((name) => name.startsWith('state.sqlite'))
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  return [
    ...files,
    { name: 'log', bytes: Buffer.from(test.gateway.logged()) },
    { name: 'audit', bytes: Buffer.from(JSON.stringify(audit.events)) },
  ];
}

/** As text, and as base64 and hexadecimal of it. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  return [text, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex')];
}

function placesOf(text: string): string[] {
  return everythingWritten()
    .filter(({ bytes }) => formsOf(text).some((form) => bytes.includes(form)))
    .map(({ name }) => name);
}

describe('T16: after a whole session the gateway has written down', () => {
  it('what an auditor needs (the search can see)', () => {
    expect(placesOf(live.session)).toContain('audit');
    expect(placesOf('tanaka')).toEqual(expect.arrayContaining(['audit', 'state.sqlite-wal']));
    expect(test.gateway.logged()).toContain('linked to the broker');
  });

  it('no one-time code, right or wrong', () => {
    expect(codes.length).toBeGreaterThan(2);
    // Six digits stand in many numbers by chance: only whole values count.
    for (const code of codes) {
      for (const { bytes } of everythingWritten())
        expect(bytes.toString('latin1')).not.toMatch(new RegExp(`(?<![0-9.])${code}(?![0-9])`));
    }
  });

  it('no TOTP secret, in any coding', () => {
    expect(secret).toHaveLength(32);
    expect(placesOf(secret)).toEqual([]);
  });

  it('no cookie', () => {
    expect(placesOf(test.cookie.split('=')[1] ?? '-')).toEqual([]);
  });

  it('no ticket, and the grant nowhere outside the state', async () => {
    expect(placesOf(live.ticket)).toEqual([]);
    expect(placesOf(live.grant).filter((name) => !name.startsWith('state'))).toEqual([]);
  });

  it('no lease', async () => {
    const { lease } = await test.agent.next('lease');
    expect(placesOf(String(lease))).toEqual([]);
  });
});
