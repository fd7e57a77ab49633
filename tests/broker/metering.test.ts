import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Metering } from '#broker/metering.ts';
import { addUsage, monthOf, noUsage, type Usage, usageIn, usedMonths } from '#broker/usage.ts';
import type { Store, WriteOptions } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import { openTestStore } from '#tests/support/clock-and-store.ts';

const NOVEMBER = Date.UTC(2026, 10, 26, 3);
const MUNICIPALITIES = ['131016', '271004', '999999'] as const;
type Municipality = (typeof MUNICIPALITIES)[number];

/** Two brokers, a wall clock and a store that can be made to fail, with or without having written. */
function bench(wallAt = NOVEMBER) {
  let ms = 0;
  let fault: 'none' | 'before' | 'after' = 'none';
  let lives = 0;
  const { store } = openTestStore({ now: () => wallAt + ms, pass() {} });
  const faulty: Store = {
    ...store,
    async put(key, value, options) {
      if (fault === 'before') throw new Refusal('STATE_UNWRITABLE');
      puts.push(options);
      const version = await store.put(key, value, options);
      if (fault === 'after') throw new Refusal('STATE_UNWRITABLE', 'after the commit');
      return version;
    },
  };
  const puts: (WriteOptions | undefined)[] = [];
  const logged: string[] = [];
  const log = {
    error: (_: unknown, line: string) => void logged.push(line),
    warn: (line: string) => void logged.push(line),
  } as ConstructorParameters<typeof Metering>[0]['log'];
  return {
    store,
    puts,
    logged,
    pass: (by: number) => (ms += by),
    fail: (how: typeof fault) => (fault = how),
    broker: () =>
      new Metering({
        store: faulty,
        life: `life-${++lives}`,
        log,
        clock: { monotonic: () => ms, wall: () => wallAt + ms },
      }),
  };
}

const sent = (payload: number, wire: number): Usage => ({
  ...noUsage(),
  outward: { payloadBytes: payload, wireBytes: wire },
});

describe('metering', () => {
  it('counts sessions, their time, and the bytes of each direction, by municipality', async () => {
    const { store, pass, broker } = bench();
    const metering = broker();
    metering.begin('131016');
    pass(400);
    metering.begin('131016');
    metering.begin('999999');
    metering.sent('131016', Direction.outward, 1_000, 1_069);
    metering.sent('131016', Direction.inward, 40, 109);
    pass(600);
    metering.end('131016');
    pass(2_000);
    await metering.flush();
    expect(Object.fromEntries(await usageIn(store, '2026-11'))).toEqual({
      '131016': {
        sessions: 2,
        sessionMs: 400 + 2 * 600 + 2_000,
        inward: { payloadBytes: 40, wireBytes: 109 },
        outward: { payloadBytes: 1_000, wireBytes: 1_069 },
      },
      '999999': { ...noUsage(), sessions: 1, sessionMs: 2_600 },
    });
  });

  it('turns to the next month when Japan does', async () => {
    expect(monthOf(Date.UTC(2026, 10, 30, 14, 59, 59, 999))).toBe('2026-11');
    expect(monthOf(Date.UTC(2026, 10, 30, 15))).toBe('2026-12');
    const { store, pass, broker } = bench(Date.UTC(2026, 10, 30, 14, 59, 59));
    const metering = broker();
    metering.begin('131016');
    metering.sent('131016', Direction.outward, 10, 20);
    pass(1_000);
    await metering.flush();
    metering.sent('131016', Direction.outward, 1, 2);
    pass(5_000);
    await metering.flush();
    expect(await usedMonths(store)).toEqual(['2026-11', '2026-12']);
    const [november, december] = [await usageIn(store, '2026-11'), await usageIn(store, '2026-12')];
    expect(november.get('131016')).toEqual({ ...sent(10, 20), sessions: 1, sessionMs: 1_000 });
    expect(december.get('131016')).toEqual({ ...sent(1, 2), sessionMs: 5_000 });
  });

  it('keeps usage in memory while the state cannot be written, says so once, and loses nothing', async () => {
    const { store, logged, pass, fail, broker } = bench();
    const metering = broker();
    metering.sent('131016', Direction.outward, 10, 20);
    fail('before');
    await metering.flush();
    pass(3_000);
    await metering.flush();
    expect(metering.unwrittenMs).toBe(3_000);
    expect((await usageIn(store, '2026-11')).size).toBe(0);
    fail('none');
    await metering.flush();
    expect(metering.unwrittenMs).toBe(0);
    expect(logged).toEqual([
      'USAGE CANNOT BE WRITTEN; it waits in memory',
      'usage can be written again; nothing was lost',
    ]);
    expect((await usageIn(store, '2026-11')).get('131016')).toEqual(sent(10, 20));
  });

  it('waits for the disk once a minute and at the end, and writes every second all the same', async () => {
    const { store, puts, pass, broker } = bench();
    const metering = broker();
    for (let second = 1; second <= 130; second++) {
      metering.sent('131016', Direction.outward, 10, 20);
      pass(1_000);
      await metering.write();
      expect((await usageIn(store, '2026-11')).get('131016')?.outward.payloadBytes).toBe(10 * second);
    }
    expect(puts.length).toBe(130);
    expect(puts.flatMap((options, i) => (options?.durable ? [i + 1] : []))).toEqual([60, 120]);
    metering.sent('131016', Direction.outward, 10, 20);
    await metering.flush();
    expect(puts.at(-1)).toEqual({ durable: true });
  });

  it('tries the disk again the next second if it could not be written', async () => {
    const { puts, pass, fail, broker } = bench();
    const metering = broker();
    metering.sent('131016', Direction.outward, 10, 20);
    pass(60_000);
    fail('before');
    await metering.write();
    fail('none');
    pass(1_000);
    await metering.write();
    expect(puts).toEqual([{ durable: true }]);
  });

  it('writes nothing while nothing is used', async () => {
    const { store, pass, broker } = bench();
    const metering = broker();
    pass(5_000);
    await metering.flush();
    expect(await store.list('')).toEqual([]);
  });

  it('refuses to add up a row that it cannot read', async () => {
    const { store } = bench();
    await store.put('usage/2026-11/other', { 131016: { sessions: -1 } });
    await expect(usageIn(store, '2026-11')).rejects.toThrow(/usage\/2026-11\/other cannot be read/);
  });

  // The property: whatever happens in whatever order, what is in the state is what was used, less what brokers that were
  // killed had not flushed; two brokers into one store, faults before and after the commit included.
  const municipality = fc.constantFrom(...MUNICIPALITIES);
  const which = fc.constantFrom(0, 1);
  const step = fc.oneof(
    fc.record({ do: fc.constant('begin' as const), which, municipality }),
    fc.record({ do: fc.constant('end' as const), which, municipality }),
    fc.record({
      do: fc.constant('sent' as const),
      which,
      municipality,
      direction: fc.constantFrom(Direction.inward, Direction.outward),
      payload: fc.integer({ min: 1, max: 16_384 }),
      extra: fc.integer({ min: 0, max: 200 }),
    }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 5_000 }) }),
    fc.record({ do: fc.constant('flush' as const), which }),
    fc.record({ do: fc.constant('kill' as const), which }),
    fc.record({ do: fc.constant('stop' as const), which }),
    fc.record({ do: fc.constant('fault' as const), how: fc.constantFrom('none', 'before', 'after') }),
  );

  it('adds up over any order of use, flushes, faults, stops and kills of two brokers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { store, pass, fail, broker } = bench();
        /** A model of each broker: all it used, what of that a flush has confirmed, and its open sessions. */
        const fresh = () => ({
          metering: broker(),
          used: new Map<Municipality, Usage>(),
          safe: new Map<Municipality, Usage>(),
          live: new Map<Municipality, number>(),
        });
        const two = [fresh(), fresh()] as [ReturnType<typeof fresh>, ReturnType<typeof fresh>];
        const gone: { least: Map<Municipality, Usage>; most: Map<Municipality, Usage> }[] = [];
        let fault = 'none';
        const add = (to: Map<Municipality, Usage>, of: Municipality, more: Partial<Usage>) =>
          void to.set(of, addUsage(to.get(of) ?? noUsage(), { ...noUsage(), ...more }));
        const flush = async (one: (typeof two)[0]) => {
          await one.metering.flush();
          if (fault === 'none') one.safe = new Map(one.used);
        };
        for (const step of steps) {
          if (step.do === 'pass') {
            pass(step.ms);
            for (const { used, live } of two) {
              for (const [of, sessions] of live) add(used, of, { sessionMs: sessions * step.ms });
            }
            continue;
          }
          if (step.do === 'fault') {
            fault = step.how;
            fail(step.how as 'none');
            continue;
          }
          const one = two[step.which as 0 | 1];
          if (step.do === 'begin') {
            one.metering.begin(step.municipality);
            one.live.set(step.municipality, (one.live.get(step.municipality) ?? 0) + 1);
            add(one.used, step.municipality, { sessions: 1 });
          } else if (step.do === 'end') {
            const open = one.live.get(step.municipality) ?? 0;
            if (open === 0) continue;
            one.metering.end(step.municipality);
            one.live.set(step.municipality, open - 1);
          } else if (step.do === 'sent') {
            const traffic = { payloadBytes: step.payload, wireBytes: step.payload + step.extra };
            one.metering.sent(step.municipality, step.direction, traffic.payloadBytes, traffic.wireBytes);
            add(one.used, step.municipality, { [step.direction === Direction.inward ? 'inward' : 'outward']: traffic });
          } else if (step.do === 'flush') await flush(one);
          else {
            if (step.do === 'stop') await flush(one);
            gone.push({ least: one.safe, most: one.used });
            two[step.which as 0 | 1] = fresh();
          }
        }
        fault = 'none';
        fail('none');
        for (const one of two) {
          await flush(one);
          gone.push({ least: one.safe, most: one.used });
        }
        const metered = await usageIn(store, '2026-11');
        for (const of of MUNICIPALITIES) {
          const sum = (bound: 'least' | 'most') =>
            gone.reduce((total, life) => addUsage(total, life[bound].get(of) ?? noUsage()), noUsage());
          const found = numbersOf(metered.get(of) ?? noUsage());
          const [least, most] = [numbersOf(sum('least')), numbersOf(sum('most'))];
          for (const [i, value] of found.entries()) {
            expect(value).toBeGreaterThanOrEqual(least[i] as number);
            expect(value).toBeLessThanOrEqual(most[i] as number);
          }
          if (!steps.some((one) => one.do === 'kill' || one.do === 'fault')) expect(found).toEqual(most);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function numbersOf({ sessions, sessionMs, inward, outward }: Usage): number[] {
  return [sessions, sessionMs, inward.payloadBytes, inward.wireBytes, outward.payloadBytes, outward.wireBytes];
}
