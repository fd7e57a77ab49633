import { describe, expect, it } from 'vitest';
import type { SignIn } from '#gateway/sign-in/sessions.ts';
import { Tickets } from '#gateway/tickets.ts';
import { type Reason, refusalFrom } from '#protocol/codes.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';

const SIGN_IN: SignIn = {
  ...{ id: 'sign-in-1', municipality: '131016', user: 'tanaka', thumbprint: 'thumbprint-1' },
  ...{ factors: ['mtls', 'otp'], lastSignIn: null, signedInAt: 0, endsAt: 0 },
  basis: { factor: 'totp', which: '1', passwordSetAt: null },
  carries: false,
  limits: { idleSeconds: 900, overallSeconds: 43_200 },
};
const ADMISSION = { session: 'a'.repeat(32), desktop: '131016/soumu/notepad', grant: 'header.claims.signature' };

function open() {
  const clock = clockAt();
  const { store, again } = openTestStore(clock);
  return { clock, store, tickets: new Tickets(store, clock.now), others: new Tickets(again(), clock.now) };
}

async function outcome(promise: Promise<unknown>): Promise<Reason | 'admitted'> {
  return promise.then(
    () => 'admitted' as const,
    (error) => refusalFrom(error).reason,
  );
}

describe('a ticket', () => {
  it('admits what it was issued for', async () => {
    const { tickets } = open();
    expect(await tickets.redeem(await tickets.issue(SIGN_IN, ADMISSION), SIGN_IN)).toEqual(ADMISSION);
  });

  it('is stored only as a hash', async () => {
    const { store, tickets } = open();
    const ticket = await tickets.issue(SIGN_IN, ADMISSION);
    expect(Buffer.from(ticket, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(await store.list(''))).not.toContain(ticket);
  });

  it('is good once, also for a hundred at the same moment over two connections', async () => {
    const { tickets, others } = open();
    const ticket = await tickets.issue(SIGN_IN, ADMISSION);
    const tries = Array.from({ length: 100 }, (_, i) => outcome((i % 2 ? tickets : others).redeem(ticket, SIGN_IN)));
    const outcomes = await Promise.all(tries);
    expect(outcomes.filter((one) => one === 'admitted')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['admitted', 'TICKET_UNKNOWN']));
  });

  it('is good for thirty seconds', async () => {
    const { clock, tickets } = open();
    const first = await tickets.issue(SIGN_IN, ADMISSION);
    const second = await tickets.issue(SIGN_IN, ADMISSION);
    clock.pass(29_999);
    expect(await outcome(tickets.redeem(first, SIGN_IN))).toBe('admitted');
    clock.pass(1);
    expect(await outcome(tickets.redeem(second, SIGN_IN))).toBe('TICKET_EXPIRED');
  });

  it.for([
    ['another sign-in', { id: 'sign-in-2' }],
    ['another certificate', { thumbprint: 'thumbprint-2' }],
  ] as const)('is burnt by %s that presents it', async ([, other]) => {
    const { tickets } = open();
    const ticket = await tickets.issue(SIGN_IN, ADMISSION);
    expect(await outcome(tickets.redeem(ticket, { ...SIGN_IN, ...other }))).toBe('TICKET_OTHER_SESSION');
    expect(await outcome(tickets.redeem(ticket, SIGN_IN))).toBe('TICKET_UNKNOWN');
  });

  it('cannot be guessed from what the state holds', async () => {
    const { store, tickets } = open();
    await tickets.issue(SIGN_IN, ADMISSION);
    const [entry] = await store.list('ticket/');
    expect(await outcome(tickets.redeem(entry?.key.split('/')[1] ?? '', SIGN_IN))).toBe('TICKET_UNKNOWN');
  });
});
