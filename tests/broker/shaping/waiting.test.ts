// How long a record waits on a full line, what waits at most, and who may not make others wait.
import { describe, expect, it } from 'vitest';
import { Contract } from '#broker/shaping/contract.ts';
import type { Flow } from '#broker/shaping/flow.ts';
import { wireBytes } from '#broker/shaping/wire-bytes.ts';
import { bytesPerSecondOf, TIER_LABELS } from '#broker/tiers.ts';
import { RECORD_MAX_BYTES, RELAY_QUEUE_MAX_BYTES } from '#protocol/limits.ts';
import { lineOf, recordOf, VirtualLine } from '#tests/support/virtual-line.ts';

/** As the agent cuts them at 10 Mbps. */
const PICTURE = 4_096;
/** What a typed character brings back. */
const ANSWER = 200;
const MANY = Array.from({ length: 20 }, (_, i) => `s${i}`);
const rate = bytesPerSecondOf('10Mbps');

const waits = (virtual: VirtualLine, session: string) =>
  virtual.sent.filter((one) => one.session === session).map(({ waitedMs }) => waitedMs);

function typing(virtual: VirtualLine, session: string, municipality: string): Flow {
  const flow = virtual.open(session, municipality);
  virtual.every(83, () => virtual.push(flow, recordOf(ANSWER)));
  return flow;
}

describe('a key, answered on a full line of 10 Mbps,', () => {
  it.each([
    ['of one municipality', () => '131016'],
    ['of a municipality each', (i: number) => `2310${10 + i}`],
  ])('waits less than 8 ms behind 20 sessions %s that fill it', (_, municipalityOf) => {
    const virtual = new VirtualLine(lineOf('10Mbps'), () => 1);
    for (const [i, session] of MANY.entries()) virtual.saturating(session, () => PICTURE, municipalityOf(i));
    typing(virtual, 'keys', '131016');
    virtual.run(10_000);
    expect(waits(virtual, 'keys').length).toBe(Math.floor(10_000 / 83));
    expect(Math.max(...waits(virtual, 'keys'))).toBeLessThan(8);
    expect(virtual.bytes() / (10 * rate)).toBeGreaterThan(0.99);
  });

  it('waits no longer than that when another record of its session went in the same round', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'), () => 1);
    for (const session of MANY) virtual.saturating(session, () => PICTURE);
    const flow = virtual.open('keys');
    // A round of 20 takes 72 ms: the agent's acknowledgement of one key stands between two answers.
    virtual.every(50, () => virtual.push(flow, recordOf(ANSWER)));
    virtual.every(50, () => virtual.push(flow, recordOf(40)), 75);
    virtual.run(10_000);
    expect(waits(virtual, 'keys').length).toBeGreaterThan(390);
    expect(Math.max(...waits(virtual, 'keys'))).toBeLessThan(8);
  });

  it('waits less than 8 ms behind sessions that come and go with a picture each', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'), () => 1);
    for (const [i, session] of MANY.entries()) {
      const flow = virtual.open(session);
      // Together a little more than there is; each of them has nothing waiting now and then.
      virtual.every(
        67,
        () => {
          if (flow.queuedBytes < 2 * PICTURE) virtual.push(flow, recordOf(PICTURE));
        },
        3 * i,
      );
    }
    typing(virtual, 'keys', '131016');
    virtual.run(10_000);
    expect(Math.max(...waits(virtual, 'keys'))).toBeLessThan(8);
  });

  it('waits no longer for 50 others that type as well', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'), () => 1);
    for (const session of MANY) virtual.saturating(session, () => PICTURE, '231001');
    for (let i = 0; i < 50; i++) {
      const flow = virtual.open(`typist${i}`, `1310${10 + (i % 10)}`);
      virtual.every(83, () => virtual.push(flow, recordOf(ANSWER)), 1.7 * i);
    }
    virtual.run(5_000);
    const all = Array.from({ length: 50 }, (_, i) => waits(virtual, `typist${i}`)).flat();
    expect(Math.max(...all)).toBeLessThan(8);
  });
});

describe('a greedy session', () => {
  it.each([
    ['one at a time', 1_500],
    ['never an empty queue', 700],
  ])('gains nothing by dressing its pictures up as small things: %s', (_, size) => {
    const virtual = new VirtualLine(lineOf('10Mbps'));
    for (const session of MANY.slice(0, 4)) virtual.saturating(session, () => PICTURE);
    const greedy: Flow = virtual.open('greedy', '131016', () => {
      virtual.line.push(greedy, { record: recordOf(size) }, virtual.now);
      return true;
    });
    virtual.push(greedy, recordOf(size));
    typing(virtual, 'keys', '131016');
    virtual.run(10_000);
    expect(virtual.bytesOf('greedy') / virtual.bytes()).toBeLessThan(0.205);
    expect(Math.max(...waits(virtual, 'keys'))).toBeLessThan(8);
  });

  it('goes ahead of the next small thing by no more than one turn', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'));
    virtual.saturating('picture', () => PICTURE, '231001');
    const greedy: Flow = virtual.open('greedy', '131016', () => {
      virtual.line.push(greedy, { record: recordOf(500) }, virtual.now);
      return true;
    });
    const keys = virtual.open('keys', '131016');
    virtual.run(1_000);
    virtual.push(greedy, recordOf(500));
    virtual.push(keys, recordOf(ANSWER));
    virtual.run(1_100);
    // A picture's debt, then the turn.
    expect(waits(virtual, 'keys')[0]).toBeLessThanOrEqual(Math.ceil((2 * 1_000 * wireBytes(PICTURE)) / rate) + 1);
  });

  it('gains nothing by leaving with a debt and coming back', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'));
    for (const session of MANY.slice(0, 4)) virtual.saturating(session, () => PICTURE);
    const greedy = virtual.open('greedy');
    virtual.every(1, () => {
      // Only once its turn has come and found nothing.
      if (!greedy.inRound) virtual.push(greedy, recordOf(RECORD_MAX_BYTES));
    });
    virtual.run(10_000);
    expect(virtual.bytesOf('greedy') / virtual.bytes()).toBeLessThan(0.205);
  });

  it('gains nothing for its municipality by being many that send little each', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'));
    // Half as much again as there is.
    for (let i = 0; i < 400; i++) {
      const flow = virtual.open(`small${i}`, '131016');
      virtual.every(
        100,
        () => {
          if (flow.queuedBytes === 0) virtual.push(flow, recordOf(400));
        },
        i / 4,
      );
    }
    virtual.saturating('picture', () => PICTURE, '231001');
    virtual.run(5_000);
    expect(virtual.bytesOf('picture') / virtual.bytes()).toBeGreaterThan(0.49);
  });
});

describe('a session whose socket takes nothing', () => {
  it('uses up nothing of the line and holds up nobody, and goes on in order later', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'));
    let takes = true;
    const stuck = virtual.open('stuck', '131016', () => takes);
    virtual.saturating('other', () => PICTURE);
    virtual.at(1_000, () => {
      takes = false;
      for (let i = 0; i < 30; i++) virtual.push(stuck, recordOf(1_000 + i));
    });
    virtual.at(3_000, () => {
      takes = true;
      virtual.unpark(stuck);
    });
    virtual.run(4_000);
    expect(virtual.bytesOf('stuck', 1_000, 3_000)).toBe(wireBytes(1_000));
    expect(virtual.bytes(1_000, 3_000) / (2 * rate)).toBeGreaterThan(0.99);
    expect(virtual.bytesOf('other', 1_100, 3_000) / (1.9 * rate)).toBeGreaterThan(0.99);
    const sizes = virtual.sent.filter(({ session }) => session === 'stuck').map(({ record }) => record.length);
    expect(sizes).toEqual(Array.from({ length: 30 }, (_, i) => 1_000 + i));
  });

  it('leaves nothing behind when it is closed', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'));
    const gone = virtual.open('gone');
    for (let i = 0; i < 20; i++) virtual.push(gone, recordOf(PICTURE));
    const before = virtual.sent.length;
    virtual.line.close(gone, virtual.now);
    virtual.run(1_000);
    expect(virtual.sent.length).toBe(before);
    expect(virtual.line.drain(virtual.now)).toBeNull();
    const { queuedBytes, oldestMs, municipalities } = virtual.line.measure(virtual.now);
    expect({ queuedBytes, oldestMs, sessions: municipalities[0]?.sessions }).toEqual({
      queuedBytes: 0,
      oldestMs: 0,
      sessions: 0,
    });
  });
});

describe('what waits', () => {
  it('is what the share of the session carries in 100 ms, and never more than a relay may hold', () => {
    for (const tier of TIER_LABELS) {
      const virtual = new VirtualLine(lineOf(tier));
      const flow = virtual.saturating('a', () => PICTURE);
      const alone = virtual.line.queueMaxBytes(flow, 0);
      expect(alone).toBe(Math.min(RELAY_QUEUE_MAX_BYTES, bytesPerSecondOf(tier) / 10));
      for (const session of MANY.slice(1)) virtual.saturating(session, () => PICTURE);
      const shared = virtual.line.queueMaxBytes(flow, 0);
      expect(shared).toBe(Math.min(RELAY_QUEUE_MAX_BYTES, bytesPerSecondOf(tier) / 10 / 20));
    }
  });

  it('follows guarantee, ceiling and who else is there', () => {
    const municipalities = { '131016': { guarantee: 0.5, ceiling: 0.6 } };
    const virtual = new VirtualLine(lineOf('10Mbps', { municipalities, others: { ceiling: 0.4 } }));
    const a = virtual.saturating('a', () => PICTURE, '131016');
    const b = virtual.open('b', '131024');
    expect(virtual.line.queueMaxBytes(a, 0)).toBe((rate / 10) * 0.6);
    expect(virtual.line.queueMaxBytes(b, 0)).toBe((rate / 10) * 0.4);
    for (const i of [1, 2, 3]) virtual.saturating(`c${i}`, () => PICTURE, `23101${i}`);
    expect(virtual.line.queueMaxBytes(a, 0)).toBe((rate / 10) * 0.5);
    expect(virtual.line.queueMaxBytes(b, 0)).toBe((rate / 10) * 0.25);
  });

  it('can be told: bytes, age and shares, by municipality and in all', () => {
    const virtual = new VirtualLine(lineOf('10Mbps', { municipalities: { '131024': { guarantee: 0.5, ceiling: 1 } } }));
    const flow = virtual.open('a', '131016');
    virtual.run(10_000);
    for (let i = 0; i < 10; i++) virtual.push(flow, recordOf(PICTURE));
    virtual.run(10_007);
    const { burstBytes } = new Contract(lineOf('10Mbps'));
    const seen = virtual.line.measure(virtual.now);
    const sent = virtual.bytes();
    const total = 10 * wireBytes(PICTURE);
    const own = { arrivedBytes: total, sentBytes: sent, queuedBytes: total - sent, oldestMs: 7, used: 0 };
    const nothing = { arrivedBytes: 0, sentBytes: 0, queuedBytes: 0, oldestMs: 0, used: 0 };
    expect(sent).toBeGreaterThan(0);
    expect(seen).toEqual({
      ...{ bytesPerSecond: rate, burstBytes, ...own },
      municipalities: [
        { municipality: '131024', guarantee: 0.5, ceiling: 1, sessions: 0, ...nothing },
        { municipality: '131016', guarantee: 0, ceiling: 1, sessions: 1, ...own },
      ],
    });
    virtual.run(11_000);
    expect(virtual.line.measure(virtual.now).used).toBeCloseTo(total / rate, 6);
  });
});
