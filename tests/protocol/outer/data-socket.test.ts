import { describe, expect, it } from 'vitest';
import type { Code } from '#protocol/codes.ts';
import { RECORD_MAX_BYTES, WINDOW_FIRST_BYTES } from '#protocol/limits.ts';
import { ClosedByRelay, type DataSocket, Inbox, type SocketHandlers } from '#protocol/outer/data-socket.ts';

function scripted() {
  const closes: Code[] = [];
  let handlers: SocketHandlers | null = null;
  const socket: DataSocket = {
    pressure: 0,
    sendText: () => {},
    sendRecord: () => {},
    close: (code) => void closes.push(code),
    listen: (given) => {
      handlers = given;
    },
  };
  const inbox = new Inbox(socket);
  return { inbox, closes, peer: handlers as unknown as SocketHandlers };
}

describe('an inbox', () => {
  it('hands out messages in order, whether they came before or after they were asked for', async () => {
    const { inbox, peer } = scripted();
    peer.text('one');
    expect(await inbox.nextText()).toBe('one');
    const later = inbox.nextRecord();
    peer.record(Uint8Array.of(2));
    expect(await later).toEqual(Uint8Array.of(2));
  });

  it('refuses text where a record is due, and the other way round', async () => {
    const { inbox, peer } = scripted();
    peer.text('text');
    await expect(inbox.nextRecord()).rejects.toThrow('MESSAGE_UNEXPECTED');
    peer.record(Uint8Array.of(1));
    await expect(inbox.nextText()).rejects.toThrow('MESSAGE_UNEXPECTED');
  });

  it('tells a close after what came before it', async () => {
    const { inbox, peer } = scripted();
    peer.text('last');
    peer.closed('DESKTOP_BUSY');
    expect(await inbox.nextText()).toBe('last');
    await expect(inbox.nextText()).rejects.toBeInstanceOf(ClosedByRelay);
  });

  it('hands over what is left, and then everything, in order', () => {
    const { inbox, peer } = scripted();
    const seen: string[] = [];
    peer.record(Uint8Array.of(1));
    inbox.handOver({
      text: (text) => seen.push(text),
      record: (record) => seen.push(`record ${record[0]}`),
      closed: (code) => seen.push(code),
    });
    peer.record(Uint8Array.of(2));
    peer.closed('ENDED');
    expect(seen).toEqual(['record 1', 'record 2', 'ENDED']);
  });

  it('closes on a relay that pours records in while nobody reads (T13)', async () => {
    const { inbox, peer, closes } = scripted();
    const most = Math.ceil((2 * WINDOW_FIRST_BYTES + RECORD_MAX_BYTES) / RECORD_MAX_BYTES);
    for (let i = 0; i < most; i++) peer.record(new Uint8Array(RECORD_MAX_BYTES));
    expect(closes).toContain('PROTOCOL_ERROR');
    await expect(inbox.nextRecord()).rejects.toBeInstanceOf(ClosedByRelay);
  });

  it.each<[string, (peer: SocketHandlers) => void]>([
    ['records', (peer) => peer.record(new Uint8Array(0))],
    ['texts', (peer) => peer.text('')],
  ])('closes also when all of the %s are empty (T13)', (_, pour) => {
    const { peer, closes } = scripted();
    for (let i = 0; i < 10_000; i++) pour(peer);
    expect(closes).toContain('PROTOCOL_ERROR');
  });
});
