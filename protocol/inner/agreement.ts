// From the shared secrets to the handshake keys: what both sides hold from the answer on.
import { type Bytes, equal } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { Direction } from '../lanes.ts';
import type { Cipher } from './cipher.ts';
import { finishedMac, type HandshakeSecrets, handshakeSecrets, trafficAead } from './keys.ts';
import type { HelloFields } from './messages.ts';
import { RecordKey } from './records.ts';
import type { Transcript } from './transcript.ts';

export interface Handshake {
  cipher: Cipher;
  hello: HelloFields;
  transcript: Transcript;
  secrets: HandshakeSecrets;
  /** Handshake keys, client → agent and agent → client. */
  inward: RecordKey;
  outward: RecordKey;
}

/** @param transcript hello and answer */
export async function agree(
  cipher: Cipher,
  hello: HelloFields,
  psk: Bytes | null,
  shared: { kem: Bytes; ecdh: Bytes },
  transcript: Transcript,
): Promise<Handshake> {
  const secrets = await handshakeSecrets(cipher, psk, shared, await transcript.hash());
  const { session, epoch } = hello;
  const [client, agent] = [await trafficAead(cipher, secrets.client), await trafficAead(cipher, secrets.agent)];
  const inward = new RecordKey(client, { session, epoch, direction: Direction.inward });
  const outward = new RecordKey(agent, { session, epoch, direction: Direction.outward });
  return { cipher, hello, transcript, secrets, inward, outward };
}

/** @param secret of the side that sent it. @throws FINISHED_WRONG */
export async function checkFinished(cipher: Cipher, secret: Bytes, said: Transcript, finished: Bytes): Promise<void> {
  if (!equal(await finishedMac(cipher, secret, await said.hash()), finished)) throw new Refusal('FINISHED_WRONG');
}
