// The process that sends: stands where the agent does, behind the relay under test. What it sends on a connection is what
// the hello record of that connection asks for.
import { createServer as createTlsServer } from 'node:https';
import { createServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { serverTls } from '#platform/hop/tls.ts';
import { listen } from '#platform/process/listen.ts';
import { Lane } from '#protocol/lanes.ts';
import { Unframer } from './frames.ts';
import type { Load, SourceJobs } from './jobs.ts';
import {
  Batch,
  ECHO_BYTES,
  FRAME_BYTES,
  type Framing,
  HELLO_BYTES,
  microseconds,
  PROBE_BYTES,
  RecordReader,
  stampOf,
  textOfHello,
} from './records.ts';
import { acceptUpgrade, dialUpgrade } from './upgrade.ts';
import { answer } from './worker.ts';

/** Four full TLS records, as the agent writes bulk at the larger tiers. */
const BATCH_RECORDS = 4;
/** One being sealed while the next wait: enough to keep the relay busy, little enough to stay in the cache. */
const BATCHES_IN_FLIGHT = 3;
/** Above 1 Gbit/s a millisecond brings more than this. */
const PACED_BATCH_RECORDS = 16;

answer<SourceJobs>({
  async listen({ tls }) {
    const secured = createTlsServer(serverTls(tls));
    secured.on('upgrade', (request, stream, head) => {
      const socket = stream as TLSSocket;
      acceptUpgrade(request, socket);
      serve(socket, head, 'unmasked');
    });
    const plain = createServer({ noDelay: true }, (socket) => serve(socket, Buffer.alloc(0), null));
    const here = { host: '127.0.0.1', port: 0 };
    return { tls: await listen(secured, here), plain: await listen(plain, here) };
  },
  async dial({ tls, port, path }) {
    const { socket, head } = await dialUpgrade(tls, port, path);
    serve(socket, head, 'masked');
  },
});

function serve(socket: Socket, head: Buffer, framing: Framing): void {
  let echo: Batch | null = null;
  let echoed = 0;
  const reader = new RecordReader(
    (index) => (index === 0 ? HELLO_BYTES : PROBE_BYTES),
    (record, index) => {
      if (echo) socket.write(Buffer.from(echo.fill(echoed++, 1, stampOf(record))));
      if (index > 0) return;
      const load = JSON.parse(textOfHello(record)) as Load;
      if (load.kind === 'echo') echo = new Batch(Lane.control, ECHO_BYTES, 1, framing);
      else if (load.mbps === null) sendAll(socket, framing);
      else sendAt(load.mbps, socket, framing);
    },
    { headBytes: HELLO_BYTES },
  );
  const unframer = new Unframer((piece) => reader.push(piece));
  const take = (chunk: Buffer) => {
    if (framing) unframer.push(chunk);
    else reader.push(chunk);
    // At once: what was sent while the relay waits for an answer would be on the next measurement's bill.
    if (unframer.closed) socket.destroy();
  };
  // The sink hangs up when it has seen enough; whatever is wrong shows there.
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  socket.on('data', take);
  if (head.length > 0) take(head);
}

/** As fast as the relay takes it. */
function sendAll(socket: Socket, framing: Framing): void {
  let sequence = 0;
  // Not after an error: a write that fails at once, again and again, would leave the loop no time to notice the end.
  const send = (batch: Batch, error?: Error | null) => {
    if (error || socket.destroyed) return;
    const bytes = batch.fill(sequence, batch.records, microseconds());
    sequence += batch.records;
    socket.write(bytes, (error) => send(batch, error));
  };
  for (let i = 0; i < BATCHES_IN_FLIGHT; i++) send(new Batch(Lane.frame, FRAME_BYTES, BATCH_RECORDS, framing));
}

/** Evenly; what falls due within a millisecond goes out in one write. A relay that is behind makes it fall behind. */
function sendAt(mbps: number, socket: Socket, framing: Framing): void {
  const perMicrosecond = mbps / 8 / FRAME_BYTES;
  const free = Array.from({ length: 8 }, () => new Batch(Lane.frame, FRAME_BYTES, PACED_BATCH_RECORDS, framing));
  const began = microseconds();
  let sequence = 0;
  let timer: NodeJS.Timeout | null = null;
  socket.once('close', () => timer && clearTimeout(timer));
  const send = () => {
    const due = Math.floor((microseconds() - began) * perMicrosecond) - sequence;
    const batch = due > 0 ? free.pop() : undefined;
    if (batch) {
      const records = Math.min(due, batch.records);
      const bytes = batch.fill(sequence, records, microseconds());
      sequence += records;
      socket.write(bytes, () => free.push(batch));
    }
    const waitMs = ((sequence + 1) / perMicrosecond - (microseconds() - began)) / 1000;
    timer = setTimeout(send, Math.max(1, Math.floor(waitMs)));
  };
  send();
}
