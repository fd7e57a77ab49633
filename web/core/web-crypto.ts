// The client's end where WebCrypto is the cryptography: what the page needs of protocol/inner, which it may not reach.
import type { Bytes } from '#protocol/bytes.ts';
import { type SigningKey, webCipher, webSigningKey } from '#protocol/inner/cipher.ts';
import { formatFingerprint } from '#protocol/inner/fingerprint.ts';
import { DEFAULT_SUITE, SUITES } from '#protocol/inner/suites.ts';
import type { OpenedSession, Surroundings } from './open.ts';

export type { Bytes } from '#protocol/bytes.ts';
export type { SigningKey } from '#protocol/inner/cipher.ts';

/** The suite that the page opens desktops under. */
export const SUITE = DEFAULT_SUITE;

export const withWebCrypto = (outside: Omit<Surroundings, 'cipher'>): Surroundings => ({
  ...outside,
  cipher: webCipher,
});

/** @param pair ECDSA P-256; the private half stays non-extractable */
export const signingKeyOf = (pair: CryptoKeyPair): Promise<SigningKey> => webSigningKey(pair);

/** What a person may compare with the office PC, or tell the administrator. */
export async function describe({ established, agentKey }: OpenedSession): Promise<{ suite: string; agent: string }> {
  return { suite: SUITES[established.session.suite].name, agent: await fingerprintOf(agentKey) };
}

/** @param agentKey 65 bytes. @returns as the office PC shows it */
export async function fingerprintOf(agentKey: Bytes): Promise<string> {
  return formatFingerprint(await webCipher.sha256(agentKey));
}
