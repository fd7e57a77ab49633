// Loaded before a process's own code (--import): notes which cryptography it calls, by function and algorithm, each once. Never
// a key, a nonce or data. Library code is noted as well as the product's own.

import { appendFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';

const into =
  new URL(import.meta.url).searchParams.get('into') ?? fileURLToPath(new URL('primitives.txt', import.meta.url));
const crypto = createRequire(import.meta.url)('node:crypto');
const noted = new Set();

function note(name, algorithm) {
  const call = `${name}(${algorithm ?? ''})`;
  if (noted.has(call)) return;
  noted.add(call);
  appendFileSync(into, `${call}\n`, { mode: 0o600 });
}

/** Their first argument names the algorithm. */
const BY_FIRST_ARGUMENT = [
  ...['createHash', 'hash', 'createHmac', 'createCipheriv', 'createDecipheriv', 'createSign', 'createVerify'],
  ...['sign', 'verify', 'generateKeyPair', 'generateKeyPairSync', 'hkdf', 'hkdfSync', 'argon2', 'argon2Sync'],
];
const BY_NAME = [
  ...['diffieHellman', 'encapsulate', 'decapsulate', 'randomBytes', 'randomFillSync', 'randomFill', 'randomInt'],
  ...[
    'scrypt',
    'scryptSync',
    'pbkdf2',
    'pbkdf2Sync',
    'publicEncrypt',
    'privateDecrypt',
    'publicDecrypt',
    'privateEncrypt',
  ],
];

for (const name of [...BY_FIRST_ARGUMENT, ...BY_NAME]) {
  const original = crypto[name];
  if (typeof original !== 'function') continue;
  crypto[name] = function recorded(...args) {
    const named = BY_FIRST_ARGUMENT.includes(name);
    note(name, named ? String(args[0] ?? 'default').toLowerCase() : '');
    return original.apply(this, args);
  };
}
syncBuiltinESMExports();

const subtle = crypto.webcrypto.subtle.constructor.prototype;
for (const name of [
  'encrypt',
  'decrypt',
  'sign',
  'verify',
  'digest',
  'generateKey',
  'deriveKey',
  'deriveBits',
  'wrapKey',
]) {
  const original = subtle[name];
  subtle[name] = function recorded(algorithm, ...rest) {
    note(`subtle.${name}`, typeof algorithm === 'string' ? algorithm : algorithm?.name);
    return original.call(this, algorithm, ...rest);
  };
}
