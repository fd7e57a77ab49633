// Sessions that send now and then, beside one that always does.
import { describe, expect, it } from 'vitest';
import { Contract } from '#broker/shaping/contract.ts';
import type { Flow } from '#broker/shaping/flow.ts';
import { bytesPerSecondOf } from '#broker/tiers.ts';
import { lineOf, recordOf, VirtualLine } from '#tests/support/virtual-line.ts';

const RECORD = 8_000;
const RATE = bytesPerSecondOf('50Mbps');
const CATCH_UP = new Contract(lineOf('50Mbps')).catchUpBytes;
const MANY = Array.from({ length: 9 }, (_, i) => `film${i}`);

const page = (virtual: VirtualLine, flow: Flow, records: number) => {
  for (let i = 0; i < records; i++) virtual.push(flow, recordOf(RECORD));
};

/** From the moment of its arrival, ms. */
const waits = (virtual: VirtualLine, session: string) =>
  virtual.sent.filter((one) => one.session === session).map(({ waitedMs }) => waitedMs);

describe('a session that had nothing to send for a while', () => {
  it('sends a page at the rate of the line, not at a tenth of it, beside nine that always have something', () => {
    const virtual = new VirtualLine(lineOf('50Mbps'));
    for (const film of MANY) virtual.saturating(film, () => RECORD);
    const reader = virtual.open('reader');
    virtual.every(1_000, () => page(virtual, reader, 8));
    virtual.run(10_500);
    const alone = (8 * RECORD * 1_000) / RATE;
    expect(waits(virtual, 'reader')).toHaveLength(80);
    expect(Math.max(...waits(virtual, 'reader'))).toBeLessThan(2 * alone);
    expect(10 * alone).toBeGreaterThan(100); // what a tenth of the line would take
  });

  it('goes first with no more than the bound, however long it was away', () => {
    const virtual = new VirtualLine(lineOf('50Mbps'));
    for (const film of MANY) virtual.saturating(film, () => RECORD);
    const burst = virtual.open('burst');
    virtual.at(60_000, () => page(virtual, burst, 200));
    virtual.run(60_000 + 400);
    const first = virtual.sent.findIndex(({ session }) => session === 'burst');
    const others = virtual.sent.slice(first).findIndex(({ session }, i, all) => {
      return session !== 'burst' && all.slice(i, i + 9).every((one) => one.session !== 'burst');
    });
    const ahead = virtual.sent.slice(first, first + others).filter(({ session }) => session === 'burst');
    expect(ahead.reduce((total, { bytes }) => total + bytes, 0)).toBeLessThan(CATCH_UP + 4 * RECORD);
    expect(ahead.reduce((total, { bytes }) => total + bytes, 0)).toBeGreaterThan(CATCH_UP - 4 * RECORD);
  });

  it('gets no more than its equal part in the long run', () => {
    const virtual = new VirtualLine(lineOf('50Mbps'));
    for (const film of MANY) virtual.saturating(film, () => RECORD);
    const comesAndGoes = virtual.open('comes and goes');
    // More than a tenth of the line, in pages: what it may catch up with is only what it missed.
    virtual.every(100, () => {
      if (comesAndGoes.queuedBytes === 0) page(virtual, comesAndGoes, 16);
    });
    virtual.run(20_000);
    expect(virtual.bytesOf('comes and goes') / virtual.bytes()).toBeLessThan(0.105);
    expect(virtual.bytesOf('film0') / virtual.bytes()).toBeGreaterThan(0.095);
  });

  it('takes turns with others that catch up, so that a line of text does not wait for ten pages', () => {
    const virtual = new VirtualLine(lineOf('50Mbps'), () => 1);
    virtual.saturating('film', () => RECORD);
    const readers = Array.from({ length: 10 }, (_, i) => virtual.open(`reader${i}`));
    const writer = virtual.open('writer');
    virtual.every(1_000, () => {
      for (const reader of readers) page(virtual, reader, 8);
      virtual.push(writer, recordOf(4_000)); // too much to count as small
    });
    virtual.run(10_500);
    expect(waits(virtual, 'writer')).toHaveLength(10);
    expect(Math.max(...waits(virtual, 'writer'))).toBeLessThan(20); // ten turns and one record; ten pages take 105 ms
  });
});
