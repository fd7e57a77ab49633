import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Handlers, Socket } from '#platform/hop/websocket.ts';
import { type Code, Refusal } from '#protocol/codes.ts';
import { LINK_MESSAGE_MAX_BYTES, RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { type Hop, openHop } from '#tests/support/hop.ts';

let hop: Hop;
beforeAll(async () => {
  hop = await openHop();
});
afterAll(() => hop.close());

interface Ear extends Handlers {
  texts: string[];
  records: Buffer[];
  ends: { code: Code; refusal: Refusal | null }[];
  /** Resolves as soon as `done` holds. */
  until(done: () => boolean): Promise<void>;
}

function ear(): Ear {
  const waiting: { done: () => boolean; resolve: () => void }[] = [];
  const check = () => {
    for (const one of waiting) if (one.done()) one.resolve();
  };
  const heard: Ear = {
    texts: [],
    records: [],
    ends: [],
    text(text) {
      heard.texts.push(text);
      check();
    },
    record(record) {
      heard.records.push(record);
      check();
    },
    closed(code, refusal) {
      heard.ends.push({ code, refusal });
      check();
    },
    until: (done) => new Promise((resolve) => (done() ? resolve() : waiting.push({ done, resolve }))),
  };
  return heard;
}

const ended = (socket: Socket): Promise<{ code: Code; refusal: Refusal | null }> =>
  new Promise((resolve) => socket.listen({ closed: (code, refusal) => resolve({ code, refusal }) }));

const gone = (socket: Socket) => new Promise((resolve) => socket.peer.once('close', resolve));

describe('a socket of a hop', () => {
  it('loses nothing that came before its owner listens, not even the end', async () => {
    const { dialled, accepted } = await hop.pair();
    dialled.listen(ear());
    dialled.sendText('first');
    dialled.sendRecord(Buffer.from([1, 2, 3]));
    dialled.close('IDLE');
    await new Promise((resolve) => setTimeout(resolve, 30));
    const heard = ear();
    accepted.listen(heard);
    await heard.until(() => heard.ends.length > 0);
    expect(heard.texts).toEqual(['first']);
    expect(heard.records.map((record) => [...record])).toEqual([[1, 2, 3]]);
    expect(heard.ends).toEqual([{ code: 'IDLE', refusal: null }]);
  });

  it('hands over not one message more after pause, and all of them in order after resume', async () => {
    const { dialled, accepted } = await hop.pair();
    dialled.listen(ear());
    const heard = ear();
    let pauseAt = 3;
    accepted.listen({
      ...heard,
      record(record) {
        heard.record?.(record);
        if (heard.records.length === pauseAt) accepted.pause();
      },
    });
    for (let i = 0; i < 100; i++) dialled.sendRecord(Buffer.from([i]));
    dialled.close('ENDED');
    await heard.until(() => heard.records.length === 3);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(heard.records.length).toBe(3);
    pauseAt = 50;
    accepted.resume();
    expect(heard.records.length).toBe(50);
    expect(heard.ends).toEqual([]);
    accepted.resume();
    await heard.until(() => heard.ends.length > 0);
    expect(heard.records.map((record) => record[0])).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('changes its owner between two messages of one chunk', async () => {
    const { dialled, accepted } = await hop.pair();
    dialled.listen(ear());
    const records = ear();
    accepted.listen({ text: () => accepted.listen(records), closed() {} });
    dialled.sendText('now records');
    dialled.sendRecord(Buffer.from([7]));
    await records.until(() => records.records.length === 1);
    expect(accepted.closed).toBe(false);
  });

  it('tells both ends the code exactly once and leaves no connection', async () => {
    const { dialled, accepted } = await hop.pair();
    const [here, there] = [ear(), ear()];
    dialled.listen(here);
    accepted.listen(there);
    dialled.close('RIGHTS_ENDED');
    dialled.close('ENDED');
    expect(here.ends).toEqual([{ code: 'RIGHTS_ENDED', refusal: null }]);
    expect(dialled.closed).toBe(true);
    dialled.sendText('after the end');
    await Promise.all([gone(dialled), gone(accepted)]);
    expect(there.ends).toEqual([{ code: 'RIGHTS_ENDED', refusal: null }]);
    expect(there.texts).toEqual([]);
    expect(here.ends.length).toBe(1);
  });

  it('refuses a kind of message its owner does not expect', async () => {
    const { dialled, accepted } = await hop.pair();
    const other = ended(dialled);
    const heard = new Promise<Refusal | null>((resolve) =>
      accepted.listen({ text() {}, closed: (_, refusal) => resolve(refusal) }),
    );
    dialled.sendRecord(Buffer.from([1]));
    expect((await heard)?.reason).toBe('MESSAGE_UNEXPECTED');
    expect((await other).code).toBe('PROTOCOL_ERROR');
  });

  it('closes with the code of what a handler throws, and survives a handler that has a bug', async () => {
    for (const [thrown, code] of [
      [new Refusal('GRANT_EXPIRED'), 'AGENT_REFUSED'],
      [new TypeError('a bug'), 'UNAVAILABLE'],
    ] as const) {
      const { dialled, accepted } = await hop.pair();
      const other = ended(dialled);
      accepted.listen({
        text() {
          throw thrown;
        },
        closed() {},
      });
      dialled.sendText('x');
      expect((await other).code).toBe(code);
    }
  });

  it('refuses a message above the limit as a protocol error on both ends', async () => {
    for (const send of [
      (socket: Socket) => socket.sendText('x'.repeat(LINK_MESSAGE_MAX_BYTES + 1)),
      (socket: Socket) => socket.sendRecord(Buffer.alloc(RECORD_MAX_BYTES + 1)),
    ]) {
      const { dialled, accepted } = await hop.pair();
      const [here, there] = [ended(dialled), ear()];
      accepted.listen(there);
      send(dialled);
      expect((await here).code).toBe('PROTOCOL_ERROR');
      expect(there.ends[0]?.refusal?.reason).toBe('MALFORMED');
    }
  });

  it('takes the largest text and the largest record, with either mask', async () => {
    for (const mask of ['random', 'zero'] as const) {
      const { dialled, accepted } = await hop.pair({ mask });
      dialled.listen(ear());
      const heard = ear();
      accepted.listen(heard);
      const record = Buffer.alloc(RECORD_MAX_BYTES, 0xa5);
      dialled.sendText('漢'.repeat(LINK_MESSAGE_MAX_BYTES / 3));
      dialled.sendRecord(record);
      await heard.until(() => heard.records.length === 1);
      expect(heard.texts[0]).toBe('漢'.repeat(LINK_MESSAGE_MAX_BYTES / 3));
      expect(heard.records[0]?.equals(record)).toBe(true);
      expect(record[0]).toBe(0xa5);
    }
  });

  it('reports a connection that just breaks off as lost and does not crash', async () => {
    const { dialled, accepted } = await hop.pair();
    dialled.listen(ear());
    const end = ended(accepted);
    dialled.peer.destroy();
    expect(await end).toEqual({ code: 'CONNECTION_LOST', refusal: null });
  });

  it('cuts a peer that never answers the close', async () => {
    const { dialled, accepted } = await hop.pair();
    dialled.listen(ear());
    dialled.pause();
    accepted.listen(ear());
    const terminated = gone(accepted);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      accepted.close('ENDED');
      // The dialled end reads nothing, so it cannot answer: only the bound can end this.
      vi.advanceTimersByTime(2_999);
      expect(accepted.peer.destroyed).toBe(false);
      vi.advanceTimersByTime(1);
    } finally {
      vi.useRealTimers();
    }
    await terminated;
  });
});
