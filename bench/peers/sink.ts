// The process that receives: stands where the client does, counts what comes through the relay under test, and reads the
// relay's cost at the same two moments.
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { Lane } from '#protocol/lanes.ts';
import { cpuSeconds, residentBytes } from './accounting.ts';
import { frameHeaderBytes, Unframer, writeFrameHeader } from './frames.ts';
import type { Load, SinkJobs, Target } from './jobs.ts';
import {
  Batch,
  ECHO_BYTES,
  FRAME_BYTES,
  HELLO_BYTES,
  helloRecord,
  microseconds,
  PROBE_BYTES,
  RecordReader,
  stampOf,
} from './records.ts';
import { dialUpgrade } from './upgrade.ts';
import { answer } from './worker.ts';

/** Until the first record has come through. */
const FIRST_RECORD_MAX_MS = 5_000;

answer<SinkJobs>({
  async frames({ tls, target, mbps, warmUpMs, measureMs, pids }) {
    let oneWayMs: number[] = [];
    const take = mbps === null ? () => {} : (head: Buffer) => oneWayMs.push((microseconds() - stampOf(head)) / 1000);
    const { socket, reader, failed } = await open(tls, target, { kind: 'frames', mbps }, FRAME_BYTES, take);
    try {
      await Promise.race([delay(warmUpMs), failed]);
      oneWayMs = [];
      const before = { at: microseconds(), bytes: reader.bytes, cpu: cpuSeconds(pids) };
      await Promise.race([delay(measureMs), failed]);
      const cpu = cpuSeconds(pids) - before.cpu;
      return {
        seconds: (microseconds() - before.at) / 1e6,
        bytes: reader.bytes - before.bytes,
        cpuSeconds: cpu,
        residentBytes: residentBytes(pids),
        oneWayMs,
      };
    } finally {
      socket.destroy();
    }
  },

  async probe({ tls, target, perSecond, warmUpMs, measureMs }) {
    let roundTripMs: number[] = [];
    const take = (head: Buffer) => roundTripMs.push((microseconds() - stampOf(head)) / 1000);
    const { socket, failed } = await open(tls, target, { kind: 'echo' }, ECHO_BYTES, take, (socket) => {
      const batch = new Batch(Lane.ack, PROBE_BYTES, 1, 'masked');
      let sequence = 1; // the hello was 0
      const timer = setInterval(
        () => socket.write(Buffer.from(batch.fill(sequence++, 1, microseconds()))),
        1000 / perSecond,
      );
      socket.once('close', () => clearInterval(timer));
    });
    try {
      await Promise.race([delay(warmUpMs), failed]);
      roundTripMs = [];
      await Promise.race([delay(measureMs), failed]);
      return { roundTripMs };
    } finally {
      socket.destroy();
    }
  },
});

/** @returns once the first record is through; `failed` rejects if the connection ends or a record is out of order */
async function open(
  tls: TlsFiles,
  target: Target,
  load: Load,
  recordBytes: number,
  take: (head: Buffer) => void,
  begun: (socket: TLSSocket) => void = () => {},
): Promise<{ socket: TLSSocket; reader: RecordReader; failed: Promise<never> }> {
  const { socket, head } = await dialUpgrade(tls, target.port, target.path);
  const first = Promise.withResolvers<void>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // seen by whoever races it
  let waiting = target.rendezvous;
  const start = () => {
    socket.write(hello(load));
    begun(socket);
  };
  const reader = new RecordReader(
    () => recordBytes,
    (record) => {
      first.resolve();
      take(record);
    },
  );
  const unframer = new Unframer((piece) => reader.push(piece));
  const push = (chunk: Buffer) => {
    try {
      unframer.push(chunk);
      if (unframer.closed) throw new Error('the relay closed the session');
    } catch (error) {
      failure.reject(error);
      socket.destroy();
    }
    if (!waiting || unframer.otherMessages === 0) return;
    waiting = false;
    start();
  };
  socket.on('error', (error) => failure.reject(error));
  socket.on('close', () => failure.reject(new Error('the relay closed the connection')));
  socket.on('data', push);
  if (!waiting) start();
  if (head.length > 0) push(head);
  const timer = setTimeout(() => {
    failure.reject(new Error(`nothing came through in ${FIRST_RECORD_MAX_MS} ms`));
  }, FIRST_RECORD_MAX_MS);
  try {
    await Promise.race([first.promise, failure.promise]);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { socket, reader, failed: failure.promise };
}

function hello(load: Load): Buffer {
  const headerBytes = frameHeaderBytes(HELLO_BYTES, true);
  const frame = Buffer.alloc(headerBytes + HELLO_BYTES);
  writeFrameHeader(frame, 0, HELLO_BYTES, true);
  helloRecord(JSON.stringify(load)).copy(frame, headerBytes);
  return frame;
}
