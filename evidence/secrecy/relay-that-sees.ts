// Puts the seeing relay into a client's path: every record goes through it, with the keys as the client comes to know them.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Running, start } from '#lab/process.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import type { DataSocket, SocketHandlers } from '#protocol/outer/data-socket.ts';
import type { Recording } from './recording-cipher.ts';
import { eachMessage, Kind, sendMessage } from './relay-messages.ts';

export interface RelayThatSees {
  readonly pid: number;
  readonly port: number;
  /** Private; nothing in it is an artefact. */
  readonly folder: string;
  /** Where it keeps what it saw. */
  readonly file: string;
  /** How many records it could read. */
  readonly read: number;
  stand(socket: DataSocket): Promise<DataSocket>;
  stop(): Promise<void>;
}

export async function startRelayThatSees(folder: string, recording: Recording): Promise<RelayThatSees> {
  makePrivateFolder(folder);
  const main = 'evidence/secrecy/seeing-relay.ts';
  const running: Running = await start('seeing-relay', main, ['--seen', join(folder, SEEN)], join(folder, 'log'));
  const port = Number(running.ready.port);
  let read = 0;
  return {
    ...{ pid: running.pid, port, folder, file: join(folder, SEEN) },
    get read() {
      return read;
    },
    stop: () => running.stop(),
    async stand(gateway) {
      const relay = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(relay, 'connect');
      let told = 0;
      const tellKeys = () => {
        const known = [...recording.shared, ...recording.keys.map(({ key }) => key)];
        for (const key of known.slice(told)) sendMessage(relay, Kind.key, key);
        told = known.length;
      };
      const client = Promise.withResolvers<SocketHandlers>();
      void eachMessage(relay, async (kind, bytes) => {
        if (kind === Kind.plaintext) read++;
        else if (kind === Kind.inward) gateway.sendRecord(bytes);
        else (await client.promise).record(bytes);
      });
      const through = (kind: Kind) => (record: Uint8Array) => {
        tellKeys();
        sendMessage(relay, kind, record);
      };
      return {
        get pressure() {
          return gateway.pressure;
        },
        sendText: (text) => gateway.sendText(text),
        sendRecord: through(Kind.inward),
        close(code) {
          // Behind the sealed close, which takes the way through the relay.
          setTimeout(() => {
            gateway.close(code);
            relay.destroy();
          }, CLOSE_AFTER_MS);
        },
        listen(handlers) {
          client.resolve(handlers);
          gateway.listen({ text: handlers.text, record: through(Kind.outward), closed: handlers.closed });
        },
      };
    },
  };
}

const CLOSE_AFTER_MS = 100;
const SEEN = 'seen';
