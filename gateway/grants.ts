// The gateway's signing key for grants and leases, and what it signs. The agent pins the public half (T06).
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, importPKCS8 } from 'jose';
import { Failure } from '#platform/process/exit.ts';
import { createKeyFile, readKeyFile, requireKeyFile } from '#platform/process/key-files.ts';
import { type GrantKey, type Mode, type Policy, signGrant, signLease } from '#protocol/outer/grant.ts';
import type { SignIn } from './sign-in/sessions.ts';

const JTI_BYTES = 16;

export interface Opening {
  session: string;
  desktop: string;
  mode: Mode;
  /** base64url SHA-256 over the hello's shares; ties the grant to one key exchange */
  hello: string;
}

export class Grants {
  #key: GrantKey;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(key: GrantKey, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  /** kid of the key that signs. */
  get signer(): string {
    return this.#key.kid;
  }

  /** Signs by another key from now on: the next lease of each running session carries it over. */
  rollOver(key: GrantKey): void {
    this.#key = key;
  }

  /**
   * The limits that the agent is told; its own stay the ceiling. Overall counts from the sign-in, so less may be left.
   * Rounded down, so that the agent strikes first and the user reads the reason under the seal.
   */
  policy({ limits, signedInAt }: SignIn): Policy {
    const left = limits.overallSeconds - Math.ceil((this.#now() - signedInAt) / 1000);
    return { idleSeconds: limits.idleSeconds, overallSeconds: Math.max(1, left) };
  }

  grant(signIn: SignIn, { session, desktop, mode, hello }: Opening): Promise<string> {
    const claims = {
      aud: desktop,
      sub: signIn.user,
      municipality: signIn.municipality,
      cnf: { 'x5t#S256': signIn.thumbprint },
      // A sign-in by a recovery code never comes here (rights.ts).
      amr: signIn.factors.filter((factor) => factor !== 'recovery'),
      session,
      epoch: 0,
      mode,
      policy: this.policy(signIn),
      hello,
      jti: randomBytes(JTI_BYTES).toString('base64url'),
    };
    return signGrant(this.#key, claims, this.#now());
  }

  lease(session: string, nonce: string): Promise<string> {
    return signLease(this.#key, { session, epoch: 0, nonce }, this.#now());
  }
}

/**
 * Reads the ES256 key (PKCS#8 PEM); if there is none it is made.
 * @returns made: the public half's path if the key is new, else null
 */
export async function openGrantKey(path: string): Promise<{ key: GrantKey; made: string | null }> {
  const made = readKeyFile(path) === null ? makeGrantKey(path) : null;
  return { key: await readGrantKey(path), made };
}

/**
 * Makes a key, with its public half (SPKI PEM) beside it as NAME.pub.pem for the agents' configuration.
 * @returns the public half's path
 * @throws Failure if there is one already
 */
export function makeGrantKey(path: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const publicPath = `${path.replace(/\.pem$/, '')}.pub.pem`;
  createKeyFile(path, privateKey);
  createKeyFile(publicPath, publicKey, 0o644);
  return publicPath;
}

/** @returns kid: the RFC 7638 thumbprint. @throws Failure if there is none, or none that can be used */
export async function readGrantKey(path: string): Promise<GrantKey> {
  const pem = requireKeyFile(path);
  try {
    const key = await importPKCS8(pem, 'ES256', { extractable: true });
    const { kty, crv, x, y } = await exportJWK(key);
    if (!kty || !crv || !x || !y) throw new Failure(`${path}: not a P-256 key`);
    return { key: await importPKCS8(pem, 'ES256'), kid: await calculateJwkThumbprint({ kty, crv, x, y }) };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path}: not an ES256 private key (PKCS#8 PEM, P-256)`);
  }
}
