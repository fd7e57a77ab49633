// Runs both ciphers against a checkout of C2SP/wycheproof: node tests/vectors/wycheproof.ts CHECKOUT/testvectors_v1
// By hand, not part of npm test: none of those files is kept here. Counts what it ran and what it had to leave out
// because the cipher cannot even be asked it (other key, nonce or tag sizes).
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, fromHex, toHex } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { type Cipher, packagedMlKem, webCipher } from '#protocol/inner/cipher.ts';
import { ecdhPair, kemPair, nodeCipher } from '#protocol/inner/cipher-node.ts';

interface Case {
  tcId: number;
  result: 'valid' | 'invalid' | 'acceptable';
  [field: string]: unknown;
}
interface Group {
  tests: Case[];
  [field: string]: unknown;
}
interface Tally {
  ran: number;
  left: number;
  wrong: string[];
}

const [directory] = process.argv.slice(2);
if (!directory) {
  process.stderr.write('usage: node tests/vectors/wycheproof.ts CHECKOUT/testvectors_v1\n');
  process.exit(2);
}

const hex = (value: unknown): Bytes => fromHex(String(value), String(value).length / 2);
const groups = (file: string): Group[] => JSON.parse(readFileSync(join(directory, file), 'utf8')).testGroups;

/** @param ask undefined: cannot be asked; null: refused; else the answer. @param want the right answer for a valid case */
async function run(
  name: string,
  file: string,
  ask: (group: Group, test: Case) => Promise<string | null | undefined>,
  want: (test: Case) => string,
): Promise<Tally> {
  const tally: Tally = { ran: 0, left: 0, wrong: [] };
  for (const group of groups(file)) {
    for (const test of group.tests) {
      const answer = await ask(group, test);
      if (answer === undefined) {
        tally.left++;
        continue;
      }
      tally.ran++;
      const right = test.result === 'invalid' ? answer === null : answer === want(test);
      // An acceptable case may be refused, but not answered wrongly
      if (!right && !(test.result === 'acceptable' && answer === null)) tally.wrong.push(`${test.tcId}`);
    }
  }
  const end = tally.wrong.length > 0 ? `, WRONG: ${tally.wrong.join(' ')}` : '';
  process.stdout.write(`${name}: ${tally.ran} ran, ${tally.left} left out${end}\n`);
  return tally;
}

/** null for a refusal; any other error is a fault. */
async function refusalIsNull(ask: () => Promise<string>): Promise<string | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

const tallies: Tally[] = [];
const ciphers: [string, Cipher][] = [
  ['nodeCipher', nodeCipher],
  ['webCipher', webCipher],
];
for (const [name, cipher] of ciphers) {
  tallies.push(
    await run(
      `${name} AES-256-GCM`,
      'aes_gcm_test.json',
      async (group, test) => {
        const [iv, key] = [hex(test.iv), hex(test.key)];
        // Our nonce is a sequence number: 48 bits behind six zero bytes
        if (
          key.length !== 32 ||
          iv.length !== 12 ||
          group.tagSize !== 128 ||
          iv.some((byte, i) => i < 6 && byte !== 0)
        ) {
          return undefined;
        }
        const aead = await cipher.aead(key);
        const sequence = Number.parseInt(toHex(iv), 16);
        const sealed = hex(`${test.ct}${test.tag}`);
        return refusalIsNull(async () => toHex(await aead.open(sequence, hex(test.aad), sealed)));
      },
      (test) => String(test.msg),
    ),
    await run(
      `${name} ECDSA P-256`,
      'ecdsa_secp256r1_sha256_p1363_test.json',
      async (group, test) => {
        const key = hex((group.publicKey as { uncompressed: string }).uncompressed);
        return (await cipher.verify(key, hex(test.sig), hex(test.msg))) ? 'verified' : null;
      },
      () => 'verified',
    ),
    await run(
      `${name} HMAC-SHA-256`,
      'hmac_sha256_test.json',
      async (group, test) => {
        if (group.tagSize !== 256 || String(test.key) === '') return undefined;
        const mac = toHex(await cipher.hmacSha256(hex(test.key), hex(test.msg)));
        return mac === test.tag ? mac : null;
      },
      (test) => String(test.tag),
    ),
    await run(
      `${name} ML-KEM-768 encapsulation keys`,
      'mlkem_768_encaps_test.json',
      async (_, test) =>
        refusalIsNull(async () => {
          await cipher.encapsulate(hex(test.ek));
          return 'taken';
        }),
      () => 'taken',
    ),
  );
}

const packaged = await packagedMlKem();
tallies.push(
  await run(
    'package ML-KEM-768 encapsulation keys',
    'mlkem_768_encaps_test.json',
    async (_, test) =>
      packaged.encapsulate(hex(test.ek)).then(
        () => 'taken',
        () => null,
      ),
    () => 'taken',
  ),
  await run(
    'nodeCipher ML-KEM-768 decapsulation',
    'mlkem_768_test.json',
    async (_, test) => {
      const key = Buffer.from(hex(test.seed));
      if (key.length !== 64) return undefined;
      const pair = kemPair(createPrivateKey({ key, format: 'raw-seed', asymmetricKeyType: 'ml-kem-768' }));
      return refusalIsNull(async () => toHex(await pair.decapsulate(hex(test.c))));
    },
    (test) => String(test.K),
  ),
  await run(
    'nodeCipher P-256',
    'ecdh_secp256r1_ecpoint_test.json',
    async (_, test) => {
      const key = Buffer.from(hex(String(test.private).padStart(64, '0').slice(-64)));
      const own = createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve: 'P-256' });
      // A compressed point is a valid point, but no share of ours
      if (test.result !== 'invalid' && hex(test.public).length !== 65) return undefined;
      return refusalIsNull(async () => toHex(await ecdhPair('P-256', own).agree(hex(test.public))));
    },
    (test) => String(test.shared),
  ),
  await run(
    'nodeCipher X25519',
    'x25519_test.json',
    async (_, test) => {
      const key = Buffer.from(hex(test.private));
      const own = createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'x25519' });
      return refusalIsNull(async () => toHex(await ecdhPair('X25519', own).agree(hex(test.public))));
    },
    (test) => String(test.shared),
  ),
);
process.exitCode = tallies.some((tally) => tally.wrong.length > 0) ? 1 : 0;
