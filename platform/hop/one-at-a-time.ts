// One request at a time on a connection. No browser and no client of ours sends the next one before the answer; a flood packs
// two thousand into a chunk, which Node parses in one go (T25).
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** @param answerMs for an answer to be taken, whole */
export function oneAtATime(answer: Answer, answerMs: number): Answer {
  const busy = new WeakSet<Socket>();
  return (request, response) => {
    const { socket } = request;
    if (busy.has(socket) || socket.destroyed) return void socket.destroy();
    busy.add(socket);
    const late = setTimeout(() => socket.destroy(), answerMs);
    response.once('close', () => {
      clearTimeout(late);
      busy.delete(socket);
    });
    answer(request, response);
  };
}
