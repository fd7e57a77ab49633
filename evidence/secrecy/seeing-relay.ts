// A relay as this product has none: it is given the session's keys, opens every record that passes, keeps what it read in
// memory and in a file, and passes it on in clear besides. The searches that find nothing at gateway and broker must find
// everything here. Started by relay-that-sees.ts, which speaks to it over loopback, message after message:
//
//   kind 1   0 record inward, 1 record outward, 2 key (32 bytes); back also 3 plaintext
//   length 4, bytes
import { appendFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { parseArguments } from '#platform/process/args.ts';
import { listen } from '#platform/process/listen.ts';
import { announceReady } from '#platform/process/ready.ts';
import { runProcess } from '#platform/process/stop.ts';
import { type Bytes, toHex } from '#protocol/bytes.ts';
import { readHeader } from '#protocol/header.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { type Place, RecordKey } from '#protocol/inner/records.ts';
import { Direction, Lane } from '#protocol/lanes.ts';
import { eachMessage, Kind, sendMessage } from './relay-messages.ts';

const USAGE = 'The relay of a counter-proof: node evidence/secrecy/seeing-relay.ts --seen FILE';
/** In a hello, behind header, type, version, suite and mode. */
const SESSION_AT = 12;

runProcess('seeing-relay', async (life) => {
  const { values } = parseArguments(USAGE, { seen: { type: 'string' } });
  const server = createServer((socket) => void relay(socket, String(values.seen)));
  life.onStop(() => void server.close());
  announceReady({ name: 'seeing-relay', port: await listen(server, { host: '127.0.0.1', port: 0 }) });
});

/** Nothing is ever let go of: a relay that keeps what it saw. */
const seen: Bytes[] = [];
const secrets: Bytes[] = [];

async function relay(socket: Socket, file: string): Promise<void> {
  const keys: Bytes[] = [];
  let session = '';
  await eachMessage(socket, async (kind, bytes) => {
    if (kind === Kind.key) {
      secrets.push(bytes);
      if (bytes.length === 32) keys.push(bytes);
      return;
    }
    const { lane, sequence } = readHeader(bytes);
    if (lane === Lane.handshake && sequence === 0 && kind === Kind.inward) {
      session = toHex(bytes.slice(SESSION_AT, SESSION_AT + 16));
    }
    const direction = kind === Kind.inward ? Direction.inward : Direction.outward;
    const plaintext = session ? await openWithAny(keys, { session, epoch: 0, direction }, bytes) : null;
    if (plaintext) {
      seen.push(plaintext);
      appendFileSync(file, plaintext, { mode: 0o600 });
      sendMessage(socket, Kind.plaintext, plaintext);
    }
    sendMessage(socket, kind, bytes);
  });
}

async function openWithAny(keys: readonly Bytes[], place: Place, record: Bytes): Promise<Bytes | null> {
  const { sequence } = readHeader(record);
  for (const key of keys.toReversed()) {
    try {
      return await new RecordKey(await nodeCipher.aead(key), place).open(sequence, record);
    } catch {
      // another direction's, or another step's
    }
  }
  return null;
}
