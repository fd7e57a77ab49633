import { describe, expect, it } from 'vitest';
import { type Slot, Slots } from '#gateway/slots.ts';
import { type Reason, refusalFrom } from '#protocol/codes.ts';
import { LEASE_LIFE_MS } from '#protocol/limits.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';

function slot(session: string, user: string, name: string): Slot {
  return { session: session.repeat(32), municipality: '131016', user, desktop: `131016/soumu/${name}`, startedAt: 0 };
}

const first = slot('1', 'tanaka', 'notepad');

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
  it('are one a user and one a desktop, across processes', async () => {
    const { slots, others } = open();
    await slots.claim(first);
    for (const taken of [slot('2', 'tanaka', 'other'), slot('2', 'suzuki', 'notepad')]) {
      expect(await outcome(others.requireFree(taken))).toBe('DESKTOP_IN_USE');
      expect(await outcome(others.claim(taken))).toBe('DESKTOP_IN_USE');
    }
    expect(await outcome(others.claim(slot('2', 'suzuki', 'other')))).toBe('done');
  });

  it('leave nothing behind when only the desktop is taken', async () => {
    const { slots } = open();
    await slots.claim(first);
    await outcome(slots.claim(slot('2', 'suzuki', 'notepad')));
    expect(await outcome(slots.claim(slot('3', 'suzuki', 'other')))).toBe('done');
  });

  it('are won by one of many who claim at once', async () => {
    const { slots, others } = open();
    const claims = Array.from({ length: 50 }, (_, i) =>
      outcome(
        (i % 2 ? slots : others).claim({
          ...slot('1', `user${i}`, 'notepad'),
          session: `${100 + i}`.repeat(11).slice(0, 32),
        }),
      ),
    );
    expect((await Promise.all(claims)).filter((one) => one === 'done')).toHaveLength(1);
  });

  it('are free again after the end, and only the holder can free them', async () => {
    const { slots } = open();
    await slots.claim(first);
    await slots.release({ ...first, session: '2'.repeat(32) });
    expect(await outcome(slots.claim(slot('2', 'tanaka', 'notepad')))).toBe('DESKTOP_IN_USE');
    await slots.release(first);
    expect(await outcome(slots.claim(slot('2', 'tanaka', 'notepad')))).toBe('done');
  });

  it('let their user wait for the end: until both slots are free, and no longer than asked for', async () => {
    const { slots, others } = open();
    await slots.whenUserIsFree(first, 60_000); // nothing to wait for
    await slots.claim(first);
    await slots.claim(slot('2', 'tanaka2', 'other'));
    await slots.whenUserIsFree(first, 20);
    expect(await outcome(slots.requireFree(first))).toBe('DESKTOP_IN_USE');
    const waits = [slots, others].map((some) => some.whenUserIsFree(first, 60_000));
    await slots.release(first);
    await Promise.all(waits);
    expect(await outcome(others.requireFree(first))).toBe('done');
  });

  it('are free again after a crash as soon as the agent must have ended, too', async () => {
    const { clock, slots } = open();
    await slots.claim(first);
    clock.pass(LEASE_LIFE_MS - 1);
    await slots.renew(first);
    clock.pass(LEASE_LIFE_MS - 1);
    expect(await outcome(slots.requireFree(first))).toBe('DESKTOP_IN_USE');
    clock.pass(1);
    expect(await outcome(slots.requireFree(first))).toBe('done');
  });

  it('are free again at once when the process that crashed is back: its own from before, and no others', async () => {
    const { slots, others } = open();
    await slots.claim(first);
    await slots.claim({ ...slot('2', 'suzuki', 'list'), startedAt: 10 });
    await others.claim(slot('3', 'sato', 'picture'));
    await slots.releaseLeftBehind(10);
    expect((await slots.list()).map(({ user }) => user)).toEqual(['suzuki', 'sato']);
    expect(await outcome(slots.requireFree(first))).toBe('done');
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
