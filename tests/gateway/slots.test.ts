import { describe, expect, it } from 'vitest';
import { type Slot, Slots } from '#gateway/slots.ts';
import { type Reason, refusalFrom } from '#protocol/codes.ts';
import { LEASE_LIFE_MS } from '#protocol/limits.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';

function slot(session: string, user: string, name: string): Slot {
  const desktop = `131016/soumu/${name}`;
  return { session: session.repeat(32), municipality: '131016', user, desktop, startedAt: 0, address: '192.0.2.7' };
}

const first = slot('1', 'tanaka', 'notepad');
const nth = (i: number) => `${100 + i}`.repeat(11).slice(0, 32);

function open() {
  const clock = clockAt();
  const { store, again } = openTestStore(clock);
  return { clock, store, slots: new Slots(store, 'one', clock.now), others: new Slots(again(), 'two', clock.now) };
}

async function outcome(promise: Promise<unknown>): Promise<Reason | 'done'> {
  return promise.then(
    () => 'done' as const,
    (error) => refusalFrom(error).reason,
  );
}

describe('live sessions', () => {
  it('are one a desktop between users, across processes', async () => {
    const { slots, others } = open();
    await slots.claim(first);
    const taken = slot('2', 'suzuki', 'notepad');
    expect(await outcome(others.requireAvailable(taken))).toBe('DESKTOP_IN_USE');
    expect(await outcome(others.claim(taken))).toBe('DESKTOP_IN_USE');
    expect(await outcome(slots.check(first))).toBe('done');
    expect(await outcome(others.claim(slot('2', 'suzuki', 'other')))).toBe('done');
  });

  it.for(['notepad', 'other'])('are one a user: a later claim takes over, here of the desktop %s', async (desktop) => {
    const { slots, others } = open();
    await slots.claim(first);
    const later = slot('2', 'tanaka', desktop);
    expect(await outcome(others.requireAvailable(later))).toBe('done');
    await others.claim(later);
    expect(await outcome(slots.check(first))).toBe('TAKEN_OVER');
    expect(await outcome(slots.renew(first))).toBe('TAKEN_OVER');
    await slots.release(first);
    expect(await outcome(others.renew(later))).toBe('done');
    expect((await slots.list()).map(({ session }) => session)).toEqual([later.session]);
    expect(await outcome(slots.requireAvailable(slot('3', 'suzuki', desktop)))).toBe('DESKTOP_IN_USE');
  });

  it('keep what the user has when the desktop that is claimed is another’s', async () => {
    const { slots } = open();
    await slots.claim(first);
    await slots.claim(slot('2', 'suzuki', 'other'));
    expect(await outcome(slots.claim(slot('3', 'suzuki', 'notepad')))).toBe('DESKTOP_IN_USE');
    expect(await outcome(slots.check(slot('2', 'suzuki', 'other')))).toBe('done');
  });

  it('are won by one of many users who claim a desktop at once', async () => {
    const { slots, others } = open();
    const claims = Array.from({ length: 50 }, (_, i) =>
      outcome((i % 2 ? slots : others).claim({ ...slot('1', `user${i}`, 'notepad'), session: nth(i) })),
    );
    expect((await Promise.all(claims)).filter((one) => one === 'done')).toHaveLength(1);
  });

  it('are one when a user’s many claims come at once, whichever desktops they are for', async () => {
    const { slots, others } = open();
    const all = Array.from({ length: 50 }, (_, i) => ({
      ...slot('1', 'tanaka', i % 3 ? 'notepad' : 'other'),
      session: nth(i),
    }));
    await Promise.all(all.map((one, i) => (i % 2 ? slots : others).claim(one)));
    const renewed = await Promise.all(all.map((one) => outcome(slots.renew(one))));
    expect(renewed.filter((one) => one === 'done')).toHaveLength(1);
    expect(renewed.filter((one) => one === 'TAKEN_OVER')).toHaveLength(49);
  });

  it('are free again after the end, and only the holder can free them', async () => {
    const { slots } = open();
    await slots.claim(first);
    await slots.release({ ...first, session: '2'.repeat(32) });
    expect(await outcome(slots.claim(slot('2', 'suzuki', 'notepad')))).toBe('DESKTOP_IN_USE');
    await slots.release(first);
    expect(await outcome(slots.claim(slot('2', 'suzuki', 'notepad')))).toBe('done');
  });

  it('are free again after a crash as soon as the agent must have ended, too', async () => {
    const { clock, slots } = open();
    await slots.claim(first);
    clock.pass(LEASE_LIFE_MS - 1);
    await slots.renew(first);
    clock.pass(LEASE_LIFE_MS - 1);
    expect(await outcome(slots.requireAvailable(slot('9', 'suzuki', 'notepad')))).toBe('DESKTOP_IN_USE');
    clock.pass(1);
    expect(await outcome(slots.requireAvailable(slot('9', 'suzuki', 'notepad')))).toBe('done');
  });

  it('are free again at once when the process that crashed is back: its own from before, and no others', async () => {
    const { slots, others } = open();
    await slots.claim(first);
    await slots.claim({ ...slot('2', 'suzuki', 'list'), startedAt: 10 });
    await others.claim(slot('3', 'sato', 'picture'));
    await slots.releaseLeftBehind(10);
    expect((await slots.list()).map(({ user }) => user)).toEqual(['sato', 'suzuki']);
    expect(await outcome(slots.requireAvailable(slot('9', 'suzuki', 'notepad')))).toBe('done');
  });

  it('end for the holder when another took the slot after it had run out', async () => {
    const { clock, slots, others } = open();
    await slots.claim(first);
    clock.pass(LEASE_LIFE_MS);
    await others.claim(slot('2', 'suzuki', 'notepad'));
    expect(await outcome(slots.renew(first))).toBe('DESKTOP_IN_USE');
  });

  it('end at the next look when an administrator asks, in whatever process', async () => {
    const { slots, others } = open();
    await slots.claim(first);
    expect(await others.requestEnd('9'.repeat(32), 'administrator')).toBe(false);
    expect(await others.requestEnd(first.session, 'administrator')).toBe(true);
    expect(await outcome(slots.check(first))).toBe('ENDED_BY_ADMINISTRATOR');
    expect(await outcome(slots.renew(first))).toBe('ENDED_BY_ADMINISTRATOR');
  });

  it('end with another reason when their user asks', async () => {
    const { slots, others } = open();
    await slots.claim(first);
    expect(await others.requestEnd(first.session, 'user')).toBe(true);
    expect(await outcome(slots.check(first))).toBe('ENDED_BY_USER');
  });
});
