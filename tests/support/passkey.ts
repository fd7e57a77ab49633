// A passkey in software that proves a user to the agent, browser and authenticator in one (WebAuthn L3 §§5.8.1, 6.1, 6.5):
// the bare parts that the proof carries. Written from the standard, so that it is a second opinion on what the agent reads. A
// test may make it lie in every point. The one that signs in at the gateway is authenticator.ts.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Bytes } from '#protocol/bytes.ts';
import type { Assertion, Attestation, WebAuthnPins } from '#protocol/inner/passkey.ts';
import type { PasskeyProver } from '#protocol/inner/proof.ts';
import { coseKey } from './authenticator.ts';

export const PINS: WebAuthnPins = { rpId: 'telework.example.jp', origins: ['https://telework.example.jp'] };

/** What the browser and the authenticator say, and who they are. */
export interface Passkey {
  rpId: string;
  origin: string;
  crossOrigin: boolean | undefined;
  /** Members that a browser may add. */
  more: object;
  userPresent: boolean;
  userVerified: boolean;
  backupEligible: boolean;
  backedUp: boolean;
  /** Of the next assertion; it counts on by itself unless it is 0. */
  counter: number;
  /** CBOR of the extension outputs, if there are any. */
  extensions: Uint8Array | null;
  key: KeyObject;
  credentialId: Bytes;
}

export interface SoftPasskey extends PasskeyProver {
  passkey: Passkey;
  /** What was given, newest last. */
  given: { attestations: Attestation[]; assertions: Assertion[] };
}

/** Gives what it is asked for, without a gesture. */
export function softPasskey(changes: Partial<Passkey> = {}): SoftPasskey {
  const [origin = ''] = PINS.origins;
  const passkey: Passkey = {
    rpId: PINS.rpId,
    origin,
    crossOrigin: false,
    more: {},
    userPresent: true,
    userVerified: true,
    backupEligible: false,
    backedUp: false,
    counter: 1,
    extensions: null,
    key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    credentialId: plain(randomBytes(32)),
    ...changes,
  };
  const given: SoftPasskey['given'] = { attestations: [], assertions: [] };
  return {
    kind: 'passkey',
    passkey,
    given,
    async create(challenge) {
      const attestation = attest(passkey, challenge);
      given.attestations.push(attestation);
      return attestation;
    },
    async get(challenge, credentialIds) {
      const known =
        credentialIds.length === 0 || credentialIds.some((id) => passkey.credentialId.toString() === `${id}`);
      if (!known) throw new DOMException('no such credential', 'NotAllowedError');
      const assertion = assert(passkey, challenge);
      given.assertions.push(assertion);
      if (passkey.counter > 0) passkey.counter++;
      return assertion;
    },
  };
}

export function attest(passkey: Passkey, challenge: Uint8Array): Attestation {
  const credential = Buffer.concat([Buffer.alloc(16), number(passkey.credentialId.length, 2), passkey.credentialId]);
  return {
    authenticatorData: authenticatorData(passkey, 0, Buffer.concat([credential, coseKey(passkey.key, 'ES256')])),
    clientDataJson: clientData(passkey, 'webauthn.create', challenge),
  };
}

export function assert(passkey: Passkey, challenge: Uint8Array): Assertion {
  const data = authenticatorData(passkey, passkey.counter, null);
  const clientDataJson = clientData(passkey, 'webauthn.get', challenge);
  const covered = Buffer.concat([data, sha256(clientDataJson)]);
  const signature = plain(sign('sha256', covered, passkey.key));
  return { credentialId: passkey.credentialId, authenticatorData: data, clientDataJson, signature };
}

function authenticatorData(passkey: Passkey, counter: number, credential: Buffer | null): Bytes {
  const { userPresent, userVerified, backupEligible, backedUp, extensions } = passkey;
  const bits = [
    userPresent,
    false,
    userVerified,
    backupEligible,
    backedUp,
    false,
    credential !== null,
    extensions !== null,
  ];
  const flags = bits.reduce((sum, bit, at) => sum + (bit ? 2 ** at : 0), 0);
  const parts = [sha256(Buffer.from(passkey.rpId)), Buffer.of(flags), number(counter, 4)];
  return plain(Buffer.concat([...parts, credential ?? Buffer.alloc(0), extensions ?? Buffer.alloc(0)]));
}

function clientData({ origin, crossOrigin, more }: Passkey, type: string, challenge: Uint8Array): Bytes {
  const members = { type, challenge: Buffer.from(challenge).toString('base64url'), origin, crossOrigin, ...more };
  return plain(Buffer.from(JSON.stringify(members)));
}

function number(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
const plain = (data: Buffer): Bytes => new Uint8Array(data);
