// The inventory against what there is: the calls in the sources, the calls of running processes through a whole session, and the
// document that is made of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#lab/process.ts';
import type { Proof } from '../proof.ts';
import { tlsGround } from './ground.ts';
import { DOCUMENT, inventoryDocument } from './inventory/document.ts';
import { compare, INVENTORY, unaccounted } from './inventory/inventory.ts';
import { primitivesIn, primitivesOf } from './primitives.ts';
import { oneSession } from './session.ts';

export interface CryptographyObservations {
  /** Files with cryptographic calls, and calls in all. */
  readonly files: number;
  readonly calls: number;
  readonly unlisted: readonly string[];
  readonly gone: readonly string[];
  /** Of PLANTED: what the scan of the sources did not find. */
  readonly missed: readonly string[];
  readonly documentIsCurrent: boolean;
  readonly session: { readonly signedIn: string; readonly desktop: string };
  readonly recorded: readonly string[];
  readonly unaccounted: readonly string[];
}

/** Positive control: sources with what must never be there unseen. */
export const PLANTED: Readonly<Record<string, string>> = {
  'createHash(md5)': `import { createHash } from 'node:crypto'; export const sum = createHash('md5');`,
  'createCipheriv(rc4)': `import * as c from './c.ts'; import { createCipheriv as seal } from 'node:crypto'; seal('rc4', c.key, null);`,
  'subtle.encrypt(AES-CBC)': `const a = { name: 'AES-CBC', iv }; await crypto.subtle.encrypt(a, key, data);`,
  'forge.md.sha1': `import forge from 'node-forge'; const { md } = forge; certificate.sign(key, md.sha1.create());`,
  'generateKeyPairSync(rsa 1024)': `import { generateKeyPairSync } from 'node:crypto'; generateKeyPairSync('rsa', { modulusLength: 1024 });`,
  'import tweetnacl': `import nacl from 'tweetnacl'; nacl.secretbox(m, n, k);`,
  'Math.random': `export const token = Math.random().toString(36);`,
  'jose HS256': `import { SignJWT } from 'jose'; new SignJWT({}).setProtectedHeader({ alg: 'HS256' });`,
};

/** What a session cannot do without: else nothing was recorded. */
export const MUST_RUN = [
  ...['createcipheriv(aes-256-gcm)', 'createdecipheriv(aes-256-gcm)', 'diffiehellman()', 'encapsulate()'],
  ...['decapsulate()', 'createhmac(sha256)', 'sign(sha256)', 'verify(sha256)'],
];

export const cryptography: Proof<CryptographyObservations> = {
  name: 'tls-crypto-inventory',
  requirements: ['D4', 'D5', 'D6'],
  claim: {
    ja: '製品が呼ぶ暗号技術は一覧にあるものだけで、ソースと動作中のプロセスの両方がそれに一致する',
    en: 'The product calls the cryptography of its inventory and no other, in its sources and while it runs',
  },
  tried: {
    ja: '全ソースの構文木から暗号の呼び出しを集め、さらに一つのセッションを通して各プロセスの呼び出しを記録した',
    en: 'collected the calls from the syntax trees of all sources, and recorded those of every process through one session',
  },
  needs: [],
  async collect(run) {
    const ground = await run.stage(tlsGround);
    const session = await oneSession(ground, run.signal);
    const recorded = ground.primitives.recorded();
    const found = primitivesOf(ROOT);
    const list = [...found].flatMap(([file, calls]) => calls.map((call) => `${file}: ${call}`));
    writeFileSync(join(run.folder, 'calls-in-sources.txt'), `${list.join('\n')}\n`);
    writeFileSync(join(run.folder, 'calls-at-run-time.txt'), `${recorded.join('\n')}\n`);
    return {
      ...{ files: found.size, calls: list.length, ...compare(found) },
      missed: Object.entries(PLANTED).flatMap(([call, text]) => (primitivesIn(text).includes(call) ? [] : [call])),
      documentIsCurrent: readFileSync(join(ROOT, DOCUMENT), 'utf8') === inventoryDocument(),
      session: { signedIn: session.signedIn, desktop: session.desktop },
      recorded,
      unaccounted: unaccounted(recorded),
    };
  },
  judge: judgeCryptography,
};

export function judgeCryptography(seen: CryptographyObservations): ReturnType<Proof<unknown>['judge']> {
  const ran = seen.recorded.map((call) => call.toLowerCase());
  const wrong = [
    ...seen.unlisted.map((one) => `not in the inventory: ${one}`),
    ...seen.gone.map((one) => `in the inventory only: ${one}`),
    ...seen.missed.map((one) => `control: the scan does not find ${one}`),
    ...(seen.documentIsCurrent ? [] : [`${DOCUMENT} is out of date; npm run inventory`]),
    ...(seen.files < 20 ? [`only ${seen.files} files with cryptography were found`] : []),
    ...seen.unaccounted.map((one) => `ran, and is not in the inventory: ${one}`),
    ...MUST_RUN.filter((call) => !ran.includes(call)).map((one) => `control: ${one} was not seen to run`),
  ];
  const [first] = wrong;
  if (first !== undefined) {
    return {
      result: 'fail',
      seen: { ja: `問題 ${wrong.length} 件: ${first}`, en: `${wrong.length} faults: ${first}` },
    };
  }
  return {
    result: 'pass',
    seen: {
      ja: `${seen.files} ファイルの ${seen.calls} 呼び出しと、動作中に記録した ${ran.length} 種類が、すべて一覧の ${INVENTORY.length} 行に収まる`,
      en: `${seen.calls} calls in ${seen.files} files and ${ran.length} kinds recorded at run time, all within the ${INVENTORY.length} rows`,
    },
  };
}
