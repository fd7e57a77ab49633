// Run on a host of the lab: opens a control link for each of some messages, sends it, and says how the broker took it.
import { dialSocket } from '#platform/hop/dial.ts';
import { clientTls, type TlsFiles } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { answer } from './on-host.ts';

export interface Speech {
  readonly about: string;
  readonly text: string;
}
export interface Spoken {
  readonly about: string;
  /** The code with which the broker closed; null if the link went on. */
  readonly ended: string | null;
}

interface Question {
  url: string;
  tls: TlsFiles;
  speeches: readonly Speech[];
}

await answer(async ({ url, tls, speeches }: Question): Promise<Spoken[]> => {
  const spoken: Spoken[] = [];
  for (const { about, text } of speeches) {
    const options = { timeoutMs: 10_000, verify() {} };
    const socket = await dialSocket(url, clientTls(tls, new URL(url).hostname), options);
    const ended = await outcomeOf(socket, text);
    socket.close('ENDED');
    spoken.push({ about, ended });
  }
  return spoken;
});

/**
 * A broker reads in order: whose ping behind the message is answered, that one's message was taken.
 * @returns the code of a close, or null
 */
function outcomeOf(socket: Socket, message: string): Promise<string | null> {
  return new Promise((resolve) => {
    let texts = 0;
    let heard = 0;
    socket.observe({
      heard() {
        heard++;
        // Texts are heard, too; what is more than these is the answer to the ping.
        setImmediate(() => heard > texts && resolve(null));
      },
    });
    socket.listen({ text: () => void texts++, closed: (code) => resolve(code) });
    socket.sendText(message);
    socket.ping();
  });
}
