// A passkey authenticator in software that signs in at the gateway, with the page's part around it: real keys, real CBOR, real signatures, and every byte
// of it can be made wrong. Encodes by its own hand, so that it shares no code with what it tests.
import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export const UP = 0x01;
export const UV = 0x04;
export const BE = 0x08;
export const BS = 0x10;
const AT = 0x40;

interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256';
const COSE_ALGORITHM: Readonly<Record<Algorithm, number>> = { ES256: -7, EdDSA: -8, RS256: -257 };

/** What a dishonest page or authenticator changes; left out, all is as it should be. */
export interface Wrong {
  type?: string;
  challenge?: Uint8Array;
  origin?: string;
  crossOrigin?: boolean;
  topOrigin?: string;
  rpId?: string;
  flags?: number;
  counter?: number;
  userHandle?: Uint8Array;
  /** Changes the authenticator data before it is signed. */
  authData?(bytes: Buffer): Buffer;
  /** Changes the signature. */
  signature?(bytes: Buffer): Buffer;
  /** Changes the JSON at the end. */
  json?(credential: CredentialJson): object;
}

export interface CredentialJson {
  id: string;
  rawId: string;
  type: string;
  clientExtensionResults: object;
  response: Record<string, unknown>;
}

/** `none` gives no statement, `self` signs with the new key, `packed` with an attestation key and its path. */
export type Attestation = 'none' | 'self' | { key: KeyObject; x5c: readonly Uint8Array[]; aaguid?: Uint8Array };

export interface SoftPasskey {
  readonly id: string;
  readonly keys: KeyPair;
  counter: number;
  flags: number;
  userHandle: Uint8Array;
}

export class SoftAuthenticator {
  readonly origin: string;
  readonly rpId: string;
  readonly algorithm: Algorithm;
  readonly passkeys: SoftPasskey[] = [];
  /** 0: it keeps no counter. */
  step = 1;

  constructor(origin: string, rpId: string, algorithm: Algorithm = 'ES256') {
    this.origin = origin;
    this.rpId = rpId;
    this.algorithm = algorithm;
  }

  /**
   * navigator.credentials.create()
   * @param challenge 32 bytes
   * @param flags BE and BS besides UP and UV
   */
  create(
    challenge: Uint8Array,
    userHandle: Uint8Array,
    wrong: Wrong & { attestation?: Attestation; format?: string; coseKey?: Buffer; innerId?: Buffer } = {},
    backup = 0,
  ): CredentialJson {
    const id = randomBytes(32);
    const keys = makeKeys(this.algorithm);
    const flags = wrong.flags ?? UP | UV | backup;
    const { attestation = 'none' } = wrong;
    const aaguid = typeof attestation === 'object' ? (attestation.aaguid ?? Buffer.alloc(16)) : Buffer.alloc(16);
    const inner = wrong.innerId ?? id;
    const attested = Buffer.concat([
      ...[aaguid, u16(inner.length), inner],
      wrong.coseKey ?? coseKey(keys.publicKey, this.algorithm),
    ]);
    const plain = Buffer.concat([this.#head(wrong, flags | AT, wrong.counter ?? 0), attested]);
    const authData = wrong.authData?.(plain) ?? plain;
    const clientDataJSON = this.#clientData('webauthn.create', challenge, wrong);
    const signed = Buffer.concat([authData, sha256(clientDataJSON)]);
    const statement = this.#statement(attestation, keys.privateKey, signed, wrong);
    const attestationObject = map([
      [text('fmt'), text(wrong.format ?? (attestation === 'none' ? 'none' : 'packed'))],
      [text('attStmt'), statement],
      [text('authData'), bytes(authData)],
    ]);
    const stored = { id: id.toString('base64url'), keys, counter: 0, flags: flags & (UP | UV | BE | BS), userHandle };
    this.passkeys.push(stored);
    return finish(wrong, stored.id, {
      ...{ clientDataJSON: base64Url(clientDataJSON), attestationObject: base64Url(attestationObject) },
      transports: ['internal'],
    });
  }

  /** navigator.credentials.get() */
  get(challenge: Uint8Array, wrong: Wrong = {}, passkey = this.passkeys[0]): CredentialJson {
    if (!passkey) throw new Error('no passkey on this authenticator');
    passkey.counter += this.step;
    const plain = this.#head(wrong, wrong.flags ?? passkey.flags, wrong.counter ?? passkey.counter);
    const authenticatorData = wrong.authData?.(plain) ?? plain;
    const clientDataJSON = this.#clientData('webauthn.get', challenge, wrong);
    const right = this.#sign(passkey.keys.privateKey, Buffer.concat([authenticatorData, sha256(clientDataJSON)]));
    return finish(wrong, passkey.id, {
      clientDataJSON: base64Url(clientDataJSON),
      authenticatorData: base64Url(authenticatorData),
      signature: base64Url(wrong.signature?.(right) ?? right),
      userHandle: base64Url(wrong.userHandle ?? passkey.userHandle),
    });
  }

  #head(wrong: Wrong, flags: number, counter: number): Buffer {
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags);
    rest.writeUInt32BE(counter, 1);
    return Buffer.concat([sha256(Buffer.from(wrong.rpId ?? this.rpId)), rest]);
  }

  #clientData(type: string, challenge: Uint8Array, wrong: Wrong): Buffer {
    const { crossOrigin = false, topOrigin } = wrong;
    return Buffer.from(
      JSON.stringify({
        type: wrong.type ?? type,
        challenge: base64Url(wrong.challenge ?? challenge),
        origin: wrong.origin ?? this.origin,
        ...{ crossOrigin, topOrigin },
      }),
    );
  }

  #statement(attestation: Attestation, ownKey: KeyObject, signed: Buffer, wrong: Wrong): Buffer {
    if (attestation === 'none') return map([]);
    const self = attestation === 'self';
    const right = self ? this.#sign(ownKey, signed) : sign('sha256', signed, attestation.key);
    return map([
      [text('alg'), integer(COSE_ALGORITHM[self ? this.algorithm : algorithmOf(attestation.key)])],
      [text('sig'), bytes(wrong.signature?.(right) ?? right)],
      ...(self ? [] : [[text('x5c'), array(attestation.x5c.map(bytes))] as const]),
    ]);
  }

  #sign(key: KeyObject, data: Buffer): Buffer {
    return this.algorithm === 'EdDSA' ? sign(null, data, key) : createSign('sha256').update(data).sign(key);
  }
}

/** What the page makes of a nonce; written out once more here, apart from the code under test. */
export function challengeOf(nonce: unknown): Buffer {
  const bytes = Buffer.from(String(nonce), 'base64url');
  return sha256(Buffer.concat([Buffer.from('tw/signin/1\0'), bytes]));
}

function algorithmOf({ asymmetricKeyType }: KeyObject): Algorithm {
  return asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
}

function makeKeys(algorithm: Algorithm): KeyPair {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** COSE_Key (RFC 9053), in the canonical order of CTAP 2.1 §8. @param key either half of the pair */
export function coseKey(key: KeyObject, algorithm: Algorithm): Buffer {
  const jwk = key.export({ format: 'jwk' });
  const part = (name: 'x' | 'y' | 'n' | 'e') => bytes(Buffer.from(jwk[name] ?? '', 'base64url'));
  const alg = [integer(3), integer(COSE_ALGORITHM[algorithm])] as const;
  if (algorithm === 'EdDSA') {
    return map([[integer(1), integer(1)], alg, [integer(-1), integer(6)], [integer(-2), part('x')]]);
  }
  if (algorithm === 'RS256')
    return map([[integer(1), integer(3)], alg, [integer(-1), part('n')], [integer(-2), part('e')]]);
  return map([
    ...[[integer(1), integer(2)] as const, alg, [integer(-1), integer(1)] as const],
    ...[[integer(-2), part('x')] as const, [integer(-3), part('y')] as const],
  ]);
}

function finish(wrong: Wrong, id: string, response: Record<string, unknown>): CredentialJson {
  const json = { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  return (wrong.json?.(json) ?? json) as CredentialJson;
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

function base64Url(data: Uint8Array): string {
  return Buffer.from(data).toString('base64url');
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

// CBOR (RFC 8949), as much as is needed: unsigned and negative integers, byte and text strings, arrays, maps.

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.of((major << 5) | value);
  if (value < 256) return Buffer.of((major << 5) | 24, value);
  return Buffer.concat([Buffer.of((major << 5) | 25), u16(value)]);
}

export function integer(value: number): Buffer {
  return value < 0 ? head(1, -1 - value) : head(0, value);
}

export function bytes(value: Uint8Array): Buffer {
  return Buffer.concat([head(2, value.length), value]);
}

export function text(value: string): Buffer {
  return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
}

export function array(items: readonly Buffer[]): Buffer {
  return Buffer.concat([head(4, items.length), ...items]);
}

export function map(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}
