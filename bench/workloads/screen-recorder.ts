// Watches a real desktop through the agent's own damage, watermark and encoder, with a client that takes everything at
// once, and keeps what was encoded. So a trace holds what the product sends, and the time it takes is what the encoder
// costs.
import { availableParallelism } from 'node:os';
import { attach } from '#agent/attach.ts';
import type { Desktop, OpenDesktop } from '#agent/desktop/desktop.ts';
import { Encoders } from '#agent/screen/encoders.ts';
import { ScreenSender } from '#agent/screen/screen-sender.ts';
import { FRAME_PLAINTEXT_MAX_BYTES } from '#protocol/limits.ts';
import { splitRectangles } from './tight-split.ts';
import { type Frame, placeOf, type Trace } from './trace.ts';

/** What no client of a narrow line has: room for whatever the desktop shows. */
const ROOM_BYTES = 16 * 2 ** 20;
const MARK = ['bench 999999 999999/bench/pc-01', '00000000 2026-01-01 00:00Z'];

export interface Recording {
  readonly trace: Trace;
  /** Of each update, as the client gets it. */
  readonly updateBytes: readonly number[];
  readonly seconds: number;
  /** Of this process and its threads while recording. */
  readonly cpuSeconds: number;
}

export interface RecorderOptions {
  readonly open: OpenDesktop;
  /** Brings the desktop into its state before anything is recorded. */
  prepare(desktop: Desktop): Promise<void>;
  /** What happens at the desktop while it is recorded; the trace lasts as long as this. */
  act(desktop: Desktop): Promise<void>;
}

/** @throws DESKTOP_UNREACHABLE, why the desktop was lost, or what `prepare` and `act` throw */
export async function recordScreen({ open, prepare, act }: RecorderOptions): Promise<Recording> {
  const encoders = new Encoders(Math.max(1, availableParallelism() - 1));
  const attached = await attach(open);
  const { desktop } = attached;
  const frames = new Map<number, Uint8Array[]>();
  const updateBytes: number[] = [];
  let began: number | null = null;
  let [sequence, updates] = [0, 0];
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {}); // looked at only while something is awaited

  const sender: ScreenSender = new ScreenSender({
    encoders: {
      workers: encoders.workers,
      async encode(job) {
        const encoded = await encoders.encode(job);
        if (began !== null) keep(Math.floor(performance.now() - began), encoded.bytes);
        return encoded;
      },
    },
    screen: desktop.screen,
    mark: MARK,
    send(chunk) {
      updates = sender.counts.updates;
      if (began !== null) updateBytes[updates - 1] = (updateBytes[updates - 1] ?? 0) + chunk.length;
      setImmediate(() => sender.acked(sequence, updates));
      return ++sequence;
    },
    room: () => ROOM_BYTES,
    recordBytes: () => FRAME_PLAINTEXT_MAX_BYTES,
    updateBytes: () => ROOM_BYTES,
    now: () => performance.now(),
    failed: (refusal) => lost.reject(refusal),
  });
  const keep = (atMs: number, bytes: Uint8Array) => {
    frames.set(atMs, [...(frames.get(atMs) ?? []), ...splitRectangles(bytes)]);
  };
  try {
    attached.handOver({
      damage: (rectangle) => sender.damage(rectangle),
      resized: (screen) => sender.resized(screen),
      cursor: () => {},
      bell: () => {},
      gone: (refusal) => lost.reject(refusal),
    });
    await Promise.race([prepare(desktop), lost.promise]);
    const cpuBefore = process.cpuUsage();
    began = performance.now();
    await Promise.race([act(desktop), lost.promise]);
    const durationMs = Math.max(1, Math.ceil(performance.now() - began));
    began = null;
    const { user, system } = process.cpuUsage(cpuBefore);
    const { width, height } = desktop.screen;
    return {
      trace: { width, height, durationMs, frames: [...frames].map(([at, bytes]) => frameOf(at, durationMs, bytes)) },
      updateBytes: updateBytes.filter((bytes) => bytes > 0),
      seconds: durationMs / 1000,
      cpuSeconds: (user + system) / 1e6,
    };
  } finally {
    sender.close();
    desktop.close();
    await encoders.close();
  }
}

function frameOf(atMs: number, durationMs: number, bytes: readonly Uint8Array[]): Frame {
  const rectangles = bytes.map((rectangle) => ({ place: placeOf(rectangle), bytes: rectangle }));
  return { atMs: Math.min(atMs, durationMs - 1), rectangles };
}
