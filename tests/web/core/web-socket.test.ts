// The page's WebSocket as a data socket.
import { describe, expect, it } from 'vitest';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { endOf } from '#web/core/ends.ts';
import { type PlainWebSocket, whenOpen } from '#web/core/web-socket.ts';

class FakeWebSocket {
  binaryType: BinaryType = 'blob';
  bufferedAmount = 17;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: unknown[] = [];
  readonly closes: (number | undefined)[] = [];
  send(data: unknown): void {
    this.sent.push(data);
  }
  close(code?: number): void {
    this.closes.push(code);
  }
}

const setUp = () => {
  const clock = new ManualClock();
  const fake = new FakeWebSocket();
  return { clock, fake, opening: whenOpen(fake as unknown as PlainWebSocket, clock.after) };
};

async function opened() {
  const { clock, fake, opening } = setUp();
  fake.onopen?.();
  const socket = await opening;
  const heard: unknown[] = [];
  socket.listen({
    text: (text) => heard.push(text),
    record: (record) => heard.push([...record]),
    closed: (code) => heard.push({ code }),
  });
  return { clock, fake, socket, heard };
}

describe('a WebSocket', () => {
  it('takes binary messages, tells what waits, and leaves no timer once it is open', async () => {
    const { clock, fake, socket, heard } = await opened();
    expect(fake.binaryType).toBe('arraybuffer');
    expect(clock.waiting).toBe(0);
    expect(socket.pressure).toBe(17);
    socket.sendText('a ticket');
    socket.sendRecord(Uint8Array.of(1, 2));
    expect(fake.sent).toEqual(['a ticket', Uint8Array.of(1, 2)]);
    fake.onmessage?.({ data: 'paired' });
    fake.onmessage?.({ data: Uint8Array.of(3).buffer });
    expect(heard).toEqual(['paired', [3]]);
  });

  it('that is refused is a lost connection: a browser tells no page why', async () => {
    const { fake, opening } = setUp();
    fake.onclose?.({ code: 1006 });
    expect(await opening.catch(endOf)).toEqual({ code: 'CONNECTION_LOST', authentic: false });
  });

  it('that does not open within ten seconds is given up', async () => {
    const { clock, fake, opening } = setUp();
    clock.pass(10_000);
    expect(await opening.catch(endOf)).toEqual({ code: 'CONNECTION_LOST', authentic: false });
    expect(fake.closes).toEqual([undefined]);
  });

  it('that the relay closes says the code of the relay, once', async () => {
    const { fake, socket, heard } = await opened();
    fake.onclose?.({ code: 4022 });
    fake.onclose?.({ code: 1006 });
    expect(heard).toEqual([{ code: 'IDLE' }]);
    socket.sendRecord(Uint8Array.of(1));
    expect(fake.sent).toEqual([]);
  });

  it('that this end closes is over at once: the other side may never answer, and nothing is heard after', async () => {
    const { fake, socket, heard } = await opened();
    socket.close('ENDED');
    fake.onmessage?.({ data: 'too late' });
    fake.onclose?.({ code: 4018 });
    expect(fake.closes).toEqual([4000]);
    expect(heard).toEqual([{ code: 'ENDED' }]);
  });
});
