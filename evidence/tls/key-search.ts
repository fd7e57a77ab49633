// Searches files for private keys, secrets of authenticators and passwords that stand in clear.
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';

export interface Found {
  readonly file: string;
  readonly what: string;
}

const PATTERNS: readonly (readonly [string, RegExp])[] = [
  [
    'a private key (PEM)',
    /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*(?:[A-Za-z-]+: [^\n]*\n)*\s*[A-Za-z0-9+/=\s]{64,}-----END/,
  ],
  [
    'a private key (PKCS#8 or PKCS#1 in base64)',
    /\b(?:MIIE[ouvpw]|MIIG[/45]|MIGHAgEAMBMG|MC4CAQAwBQYDK2V)[A-Za-z0-9+/]{40,}/,
  ],
  ['a private key (OpenSSH)', /b3BlbnNzaC1rZXkt[d]jEA/],
  ['a private key (JWK)', /"d"\s*:\s*"[A-Za-z0-9_-]{40,}"/],
  ['an authenticator’s secret', /otpauth:\/\/totp\/[^\s"'`]*[?&]secret=[A-Z2-7]{16,}/],
  ['a password', /["']?(?:password|passwd|passphrase)["']?\s*[:=]\s*["'](?!\$)[^"'\s<>{}]{6,}["']/i],
];
const KEY_FILES = /^\.(?:p12|pfx|key|jks|keystore|kdbx|der)$/;
const FILE_MAX_BYTES = 16 * 1024 * 1024;

export function searchForKeys(files: readonly { readonly name: string; readonly path: string }[]): Found[] {
  return files.flatMap(({ name, path }) => {
    if (KEY_FILES.test(extname(name))) return [{ file: name, what: 'a key file' }];
    const bytes = readFileSync(path);
    if (bytes.length > FILE_MAX_BYTES) return [{ file: name, what: 'too large to be searched' }];
    const text = bytes.toString('latin1');
    return PATTERNS.flatMap(([what, pattern]) => (pattern.test(text) ? [{ file: name, what }] : []));
  });
}
