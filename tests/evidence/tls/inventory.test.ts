import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DOCUMENT, inventoryDocument } from '#evidence/tls/inventory/document.ts';
import { compare, INVENTORY, unaccounted } from '#evidence/tls/inventory/inventory.ts';
import { primitivesOf } from '#evidence/tls/primitives.ts';
import { ROOT } from '#lab/process.ts';

it('has every cryptographic call of the sources, and no other', () => {
  expect(compare(primitivesOf(ROOT))).toEqual({ unlisted: [], gone: [] });
});

it('is what docs/crypto-inventory.md says; npm run inventory writes it anew', () => {
  expect(readFileSync(join(ROOT, DOCUMENT), 'utf8')).toBe(inventoryDocument());
});

it('notices a call that is new, and one that is gone', () => {
  const found = new Map([['agent/identity.ts', ['createHash(md5)']]]);
  const { unlisted, gone } = compare(found);
  expect(unlisted).toEqual(['agent/identity.ts: createHash(md5)']);
  expect(gone).toContain('agent/identity.ts: createHash(sha256)');
});

it('accounts for what runs by function and algorithm', () => {
  expect(unaccounted(['createHash(sha256)', 'generateKeyPair(rsa)', 'verify(sha384)', 'subtle.sign(ECDSA)'])).toEqual(
    [],
  );
  const strange = [
    'createHash(md5)',
    'verify(sha1)',
    'createCipheriv(rc4)',
    'publicEncrypt()',
    'subtle.encrypt(RSA-OAEP)',
  ];
  expect(unaccounted(strange)).toEqual(strange);
});

it('gives a reason for each algorithm that is weaker than the rest', () => {
  for (const row of INVENTORY) {
    const weak = /SHA-1|DES|Math\.random/.test(row.algorithm);
    if (weak)
      expect([row.algorithm, row.exception?.ja && row.exception.en]).toEqual([row.algorithm, expect.any(String)]);
  }
});
