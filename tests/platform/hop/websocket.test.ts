import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FIN, frame, Opcode, Status } from '#platform/hop/frame.ts';
import { FrameReader } from '#platform/hop/frame-reader.ts';
import type { Handlers, Socket } from '#platform/hop/websocket.ts';
import { type Code, Refusal } from '#protocol/codes.ts';
import { LINK_MESSAGE_MAX_BYTES, RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { type Hop, openHop, testTls } from '#tests/support/hop.ts';

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

  it('sends the largest records in TLS records of their own, however many at once, so the next hop copies none', async () => {
    const { dialled, accepted } = await hop.pair({ mask: 'zero' });
    for (const [from, to, frameBytes] of [
      [accepted, dialled, 4 + RECORD_MAX_BYTES],
      [dialled, accepted, 8 + RECORD_MAX_BYTES],
    ] as const) {
      const heard = ear();
      const chunks: number[] = [];
      from.listen(ear());
      to.peer.on('data', (chunk: Buffer) => chunks.push(chunk.length));
      to.listen(heard);
      for (let i = 0; i < 20; i++) from.sendRecord(Buffer.alloc(RECORD_MAX_BYTES));
      await heard.until(() => heard.records.length === 20);
      expect(chunks).toEqual(Array(20).fill(frameBytes));
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

const UPGRADE =
  'GET /test HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

/** A client that speaks TLS and nothing above it by itself. */
async function rawClient(): Promise<{ accepted: Socket; raw: TLSSocket }> {
  const accepted = hop.accepted();
  const raw = connect({ ...testTls, host: '127.0.0.1', port: Number(new URL(hop.url).port) }, () => raw.write(UPGRADE));
  raw.on('error', () => {});
  // The answer to the upgrade comes alone: nothing was sent behind the request.
  await new Promise((resolve) => raw.once('data', resolve));
  return { accepted: await accepted, raw };
}

/** What comes until the connection ends. */
async function framesUntilEnd(raw: TLSSocket): Promise<{ opcode: Opcode; payload: Buffer }[]> {
  const reader = new FrameReader(false);
  raw.on('data', (chunk: Buffer) => reader.push(chunk));
  await new Promise((resolve) => raw.once('end', resolve));
  raw.end();
  const frames = [];
  for (let opcode = reader.next(); opcode !== null; opcode = reader.next()) {
    frames.push({ opcode, payload: Buffer.from(reader.payload) });
  }
  return frames;
}

const masked = (opcode: Opcode, payload: string | Buffer) => frame(opcode, Buffer.from(payload), 'random', 0);

describe('a peer that is no socket of ours', () => {
  it.each([
    ['breaks the framing', Buffer.from([0xc2, 0x80, 0, 0, 0, 0]), Status.protocolError],
    ['sends a text that is not UTF-8', masked(Opcode.text, Buffer.from([0xff])), Status.notUtf8],
    [
      'announces a record that is too long',
      Buffer.from([FIN | Opcode.binary, 0xfe, 0xff, 0xff, 0, 0, 0, 0]),
      Status.tooBig,
    ],
  ])('and %s is closed with the status of RFC 6455 §7.4.1', async (_, bytes, status) => {
    const { accepted, raw } = await rawClient();
    const heard = ear();
    accepted.listen(heard);
    const frames = framesUntilEnd(raw);
    raw.write(Buffer.concat([masked(Opcode.text, 'before'), bytes, masked(Opcode.text, 'after')]));
    expect((await frames).map(({ opcode, payload }) => [opcode, payload.readUInt16BE()])).toEqual([
      [Opcode.close, status],
    ]);
    expect(heard.texts).toEqual(['before']);
    expect(heard.ends.map(({ code, refusal }) => [code, refusal?.reason])).toEqual([['PROTOCOL_ERROR', 'MALFORMED']]);
    await gone(accepted);
  });

  it('gets its close answered with its own status, and is heard no more', async () => {
    const { accepted, raw } = await rawClient();
    const heard = ear();
    accepted.listen(heard);
    const frames = framesUntilEnd(raw);
    raw.write(Buffer.concat([masked(Opcode.close, Buffer.from([0x03, 0xe9])), masked(Opcode.text, 'after')]));
    expect((await frames).map(({ payload }) => payload.toString('hex'))).toEqual(['03e9']);
    expect(heard.ends).toEqual([{ code: 'CONNECTION_LOST', refusal: null }]);
    expect(heard.texts).toEqual([]);
  });

  it('gets one answer to many pings while it takes none, and then the newest (T13)', async () => {
    const { accepted, raw } = await rawClient();
    accepted.listen(ear());
    let heard = 0;
    accepted.observe({ heard: () => heard++ });
    const count = 5_000;
    const pings = Array.from({ length: count }, (_, i) => masked(Opcode.ping, `${i}`));
    const frames = framesUntilEnd(raw);
    raw.write(Buffer.concat(pings));
    await expect.poll(() => heard).toBe(count);
    expect(accepted.pressure).toBeLessThan(1_000);
    await expect.poll(() => accepted.pressure).toBe(0);
    raw.write(masked(Opcode.close, ''));
    const pongs = (await frames)
      .filter(({ opcode }) => opcode === Opcode.pong)
      .map(({ payload }) => payload.toString());
    expect(pongs.length).toBeLessThan(count);
    expect([pongs[0], pongs.at(-1)]).toEqual(['0', `${count - 1}`]);
  });
});
