// Reads a socket field by field while a greeting is spoken, and gives it back with nothing lost.
import type { Socket } from 'node:net';
import { Refusal } from '#protocol/codes.ts';
import { ByteQueue } from '#protocol/inner/screen/byte-queue.ts';

export interface FieldReader {
  /**
   * Exactly `count` bytes.
   * @throws DESKTOP_UNREACHABLE if the peer closes before, or the socket's own error
   */
  take(count: number): Promise<Buffer>;
  /** Ends the reading; what came too early is handed to whoever reads the socket next. */
  release(): void;
}

/** @param socket paused, without a 'data' listener. It flows only while bytes are missing, so that little is held. */
export function readFields(socket: Socket): FieldReader {
  const queue = new ByteQueue();
  let failure: Error | null = null;
  let wake = () => {};
  const onData = (chunk: Buffer) => {
    socket.pause();
    queue.append(chunk);
    wake();
  };
  const onError = (error: Error) => {
    failure = error;
    wake();
  };
  const onClose = () => {
    failure ??= new Refusal('DESKTOP_UNREACHABLE', 'VNC server: closed the connection');
    wake();
  };
  socket.on('data', onData).on('error', onError).on('close', onClose);
  return {
    async take(count) {
      for (;;) {
        const bytes = queue.take(count);
        if (bytes) return Buffer.from(bytes);
        if (failure) throw failure;
        if (socket.destroyed) onClose();
        await new Promise<void>((more) => {
          wake = more;
          socket.resume();
        });
      }
    },
    release() {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      socket.pause();
      const rest = queue.take(queue.length);
      if (rest && rest.length > 0) socket.unshift(rest);
    },
  };
}
