// protocol/README.md, "proof": what a client says to prove its user, by a device key or by a passkey.
import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { number, rawPublicKey, sha256, signTranscript, toBeSigned, vector } from './keys.ts';

/** @returns the proof element over a transcript hash */
export type Prove = (mode: 'open' | 'pair', transcript: Buffer) => Buffer;

export const byDeviceKey =
  (key: KeyObject): Prove =>
  (mode, transcript) =>
    mode === 'open'
      ? Buffer.concat([Buffer.of(1), signTranscript(key, 'tw/proof/1', transcript)])
      : Buffer.concat([Buffer.of(3), rawPublicKey(key), signTranscript(key, 'tw/pair/1', transcript)]);

const PRESENT_AND_VERIFIED = 0x01 | 0x04;
const NEW_CREDENTIAL = 0x40;

/** A passkey that asks nobody, on a page of this origin. */
export function byPasskey(key: KeyObject, rpId: string, origin: string): Prove {
  const id = randomBytes(32);
  let counter = 0;
  const data = (flags: number, ...more: Buffer[]) =>
    Buffer.concat([sha256(Buffer.from(rpId)), Buffer.of(flags), number(counter++, 4), ...more]);
  const clientData = (type: string, label: string, transcript: Buffer) => {
    const challenge = sha256(toBeSigned(label, transcript)).toString('base64url');
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  };
  return (mode, transcript) => {
    if (mode === 'pair') {
      const point = rawPublicKey(key);
      const head = Buffer.from('a5010203262001215820', 'hex');
      const publicKey = Buffer.concat([head, point.subarray(1, 33), Buffer.from('225820', 'hex'), point.subarray(33)]);
      const made = data(PRESENT_AND_VERIFIED | NEW_CREDENTIAL, Buffer.alloc(16), vector(id), publicKey);
      const client = clientData('webauthn.create', 'tw/pair/1', transcript);
      return Buffer.concat([Buffer.of(4), vector(made), vector(client)]);
    }
    const shown = data(PRESENT_AND_VERIFIED);
    const client = clientData('webauthn.get', 'tw/proof/1', transcript);
    const signature = sign('sha256', Buffer.concat([shown, sha256(client)]), key);
    return Buffer.concat([Buffer.of(2), vector(id), vector(shown), vector(client), vector(signature)]);
  };
}
