// What stays on the user's device, one folder a user: certificate and key, the device key, and the pinned agent keys.
// No screen, no password, no TOTP secret (requirement 1).
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { P12Error, readP12 } from '#certs/request.ts';
import { readIdentity } from '#platform/hop/peer-certificate.ts';
import { type LoadedTls, loadTlsOf } from '#platform/hop/tls-files.ts';
import { Failure } from '#platform/process/exit.ts';
import { requireKeyFile } from '#platform/process/key-files.ts';
import { type Bytes, fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem } from '#protocol/inner/cipher-node.ts';
import type { Identity } from '#protocol/names.ts';

/** Desktop id → the agent's key, 65 bytes. */
const pinsSchema = z.record(z.string(), z.string().regex(/^[\w-]{87}$/));

/** File names inside a credentials folder. */
export const FILES = {
  key: 'user.key.pem',
  request: 'user.csr.pem',
  certificate: 'user.cert.pem',
  p12: 'user.p12',
  /** Of a request that waits for its certificate. */
  nextKey: 'next.key.pem',
  nextPublicKey: 'next.public.pem',
  gatewayAuthority: 'gateway-ca.pem',
  gatewayRevocations: 'gateway-crl.pem',
  deviceKey: 'device.key.pem',
  pins: 'pins.json',
} as const;

export interface Certified {
  identity: Identity;
  tls: LoadedTls;
}

/**
 * Reads key and certificate, from the .p12 if one is named, and looks at what the gateway will look at, since the
 * gateway's own answer says no more than "not accepted".
 * @throws Failure with one line that says what is wrong and what to do
 */
export function readCertified(folder: string, p12: { file: string; password: string } | null, now: number): Certified {
  const trusted = {
    authorities: join(folder, FILES.gatewayAuthority),
    revocations: join(folder, FILES.gatewayRevocations),
  };
  const named = p12
    ? { key: p12.file, certificate: p12.file }
    : { key: join(folder, FILES.key), certificate: join(folder, FILES.certificate) };
  const tls = loadTlsOf(p12 ? fromP12(p12) : fromPem(folder), trusted, named);
  const { validFromDate, validToDate } = tls.own;
  if (now < validFromDate.getTime()) {
    throw new Failure(
      `${named.certificate}: not valid before ${validFromDate.toISOString()}; is this device's clock right?`,
    );
  }
  if (now > validToDate.getTime()) {
    throw new Failure(
      `${named.certificate}: expired on ${validToDate.toISOString()}; ask your administrator for a new one`,
    );
  }
  try {
    return { identity: readIdentity(tls.own, { kind: 'user', role: 'client' }), tls };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Failure(`${named.certificate}: cannot be used to sign in (${error.message})`);
  }
}

function fromPem(folder: string): { key: string; certificate: string } {
  return { key: requireKeyFile(join(folder, FILES.key)), certificate: read(join(folder, FILES.certificate)) };
}

function fromP12({ file, password }: { file: string; password: string }): { key: string; certificate: string } {
  try {
    return readP12(readFileSync(file), password);
  } catch (error) {
    if (error instanceof P12Error) throw new Failure(`${file}: ${error.message}`);
    throw new Failure(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** The device key; made with mode 0600 when there is none and `make` is set. */
export function deviceKey(folder: string, make: boolean): SigningKey {
  const path = join(folder, FILES.deviceKey);
  if (make && !existsSync(path)) writePrivate(path, newSigningKeyPem());
  if (!existsSync(path)) throw new Failure('this device is not paired yet; run: npm run connect -- pair --help');
  try {
    return importSigningKey(requireKeyFile(path));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path}: not a P-256 key`);
  }
}

/** The agent key pinned for a desktop, 65 bytes, or null. */
export function pinOf(folder: string, desktop: string): Bytes | null {
  const pins = readPins(folder);
  // The gateway may have named the desktop: "constructor" is no pin.
  const pinned = Object.hasOwn(pins, desktop) ? pins[desktop] : undefined;
  return pinned === undefined ? null : fromBase64Url(pinned);
}

/** Pins the agent key that a pairing has proven. */
export function pin(folder: string, desktop: string, agentKey: Bytes): void {
  const path = join(folder, FILES.pins);
  const pins = { ...readPins(folder), [desktop]: toBase64Url(agentKey) };
  writePrivate(path, `${JSON.stringify(pins, null, 2)}\n`);
}

function readPins(folder: string): Record<string, string> {
  const path = join(folder, FILES.pins);
  if (!existsSync(path)) return {};
  try {
    return pinsSchema.parse(JSON.parse(read(path)));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path}: not a list of pinned keys; pair again`);
  }
}

/**
 * Writes a file for its owner alone, whole or not at all. What stood there is replaced and not written into: an open mode
 * would stay, and a link would be followed (T16).
 * @throws Failure if the file exists and `replace` is not set
 */
export function writePrivate(path: string, content: string | Uint8Array, replace = true): void {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    writeFileSync(replace ? unfinished : path, content, { mode: 0o600, flag: 'wx' });
    if (replace) renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(
      code === 'EEXIST' ? `${path} exists; --force replaces it` : `${path}: cannot be written (${code})`,
    );
  }
}

export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
