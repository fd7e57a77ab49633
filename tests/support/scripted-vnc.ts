// A VNC server that says exactly what a test wants, on a Unix socket, and keeps every byte that it is told.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

export interface ScriptedVnc {
  readonly address: string;
  /** Everything the client sent, and not taken yet. */
  received(): Buffer;
  /** Waits for exactly these bytes next, and takes them. */
  expect(hex: string): Promise<void>;
  say(...hex: string[]): void;
  /** At once if somebody is connected, else right after what has been said. */
  hangUp(): void;
  /** Takes no more bytes from the client. */
  stopReading(): void;
  close(): Promise<void>;
}

export async function startScriptedVnc(): Promise<ScriptedVnc> {
  const folder = mkdtempSync(join(tmpdir(), 'scripted-vnc-'));
  const path = join(folder, 'vnc.sock');
  let received: Buffer = Buffer.alloc(0);
  let client: Socket | null = null;
  let unsaid = '';
  let ended = false;
  const server = createServer((socket) => {
    client = socket;
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
    });
    socket.on('error', () => {});
    if (unsaid) socket.write(Buffer.from(unsaid, 'hex'));
    if (ended) socket.end();
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    address: `unix:${path}`,
    received: () => received,
    async expect(hex) {
      const wanted = hex.replaceAll(' ', '');
      await vi.waitFor(
        () => {
          const got = received.subarray(0, wanted.length / 2).toString('hex');
          if (got !== wanted) throw new Error(`expected ${wanted}, got ${got}`);
        },
        { timeout: 15_000, interval: 5 },
      );
      received = received.subarray(wanted.length / 2);
    },
    say(...hex) {
      const bytes = hex.join('').replaceAll(' ', '');
      if (client) client.write(Buffer.from(bytes, 'hex'));
      else unsaid += bytes;
    },
    hangUp() {
      ended = true;
      client?.destroy();
    },
    stopReading: () => client?.pause(),
    async close() {
      client?.destroy();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
