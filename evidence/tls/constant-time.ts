// Secrets are compared without an early exit, and come from the operating system's random numbers. The review list stands here:
// each comparison that the scan finds in the sources, and why its time may show.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#lab/process.ts';
import type { Proof } from '../proof.ts';
import { secretComparisonsIn } from './comparisons.ts';
import { INVENTORY } from './inventory/inventory.ts';
import { primitivesIn, productFiles } from './primitives.ts';

const BOUND_PUBLICLY = 'the thumbprint of a certificate, which every handshake shows';

/** "file: comparison" → why it is no leak. */
export const REVIEWED: Readonly<Record<string, string>> = {
  'gateway/enrolment/codes.ts: openRow.parse(open.value).hash === hash':
    'two hashes from the store; who gets here has typed a code whose hash was found',
  'gateway/sign-in/sessions.ts: entry.value.hash !== signIn.id':
    'two hashes from the store, after the sign-in was found',
  'gateway/sign-in/sessions.ts: value.thumbprint !== thumbprint': BOUND_PUBLICLY,
  'gateway/tickets.ts: bound.thumbprint !== signIn.thumbprint': BOUND_PUBLICLY,
  'gateway/sign-in/webauthn.ts: said.challenge !== toBase64Url(challenge)':
    'the challenge was sent to this very page; what counts is the signature over it',
};

/** The audit log compares its lines' digests, which stand in the file for whoever may read it. */
const OF_THE_LOG = /^platform\/audit\/[^:]+: .*\b(?:digest|previous)\b/;

/** @param comparison "file: comparison". @returns why it is no leak, or null if nobody has looked at it */
export const reviewOf = (comparison: string): string | null =>
  Object.hasOwn(REVIEWED, comparison)
    ? (REVIEWED[comparison] ?? null)
    : OF_THE_LOG.test(comparison)
      ? 'digests of a log, which stand in the file'
      : null;

/** Where the inventory has Math.random: it spreads waits, and nothing else. */
const MAY_GUESS = new Set(
  INVENTORY.flatMap(({ calls }) => Object.keys(calls).filter((file) => calls[file]?.includes('Math.random'))),
);

/** Positive control. */
export const PLANTED: readonly string[] = [
  'const found = rows.find((row) => cookie === row.secret);',
  'const fits = Buffer.from(given).equals(expectedMac);',
  'if (kept.tokenHash !== hashOf(shown)) throw new Error();',
  'const ok = code.hash == typed;',
];

export interface ConstantTimeObservations {
  readonly files: number;
  readonly comparisons: readonly string[];
  /** Files that call it. */
  readonly guesses: readonly string[];
  /** Files that compare with timingSafeEqual. */
  readonly timingSafe: readonly string[];
  /** Of PLANTED: what the scan did not find. */
  readonly missed: readonly string[];
}

export const constantTime: Proof<ConstantTimeObservations> = {
  name: 'tls-constant-time',
  requirements: ['D10'],
  claim: {
    ja: '秘密は途中で打ち切らずに比較し、推測できる乱数を使わない',
    en: 'Secrets are compared without an early exit, and no guessable random number guards anything',
  },
  tried: {
    ja: '全ソースの構文木から、秘密らしい名前の比較と Math.random を探し、確認済みの一覧と照合した',
    en: 'searched the syntax trees of all sources for comparisons of what is named like a secret and for Math.random, against the reviewed list',
  },
  needs: [],
  async collect(run) {
    const files = productFiles(ROOT).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
    const calls = files.map(({ path, text }) => ({ path, primitives: primitivesIn(text) }));
    const calling = (name: string) =>
      calls.filter(({ primitives }) => primitives.includes(name)).map(({ path }) => path);
    const comparisons = files.flatMap(({ path, text }) => secretComparisonsIn(text).map((one) => `${path}: ${one}`));
    const reviewed = comparisons.map((one) => `${one}\n    ${reviewOf(one) ?? 'NOT REVIEWED'}`);
    writeFileSync(join(run.folder, 'comparisons.txt'), `${reviewed.join('\n')}\n`);
    return {
      ...{ files: files.length, comparisons },
      guesses: calling('Math.random'),
      timingSafe: calling('timingSafeEqual()'),
      missed: PLANTED.filter((text) => secretComparisonsIn(text).length === 0),
    };
  },
  judge: judgeConstantTime,
};

export function judgeConstantTime(seen: ConstantTimeObservations): ReturnType<Proof<unknown>['judge']> {
  const wrong = [
    ...seen.comparisons.filter((one) => reviewOf(one) === null).map((one) => `not reviewed: ${one}`),
    ...Object.keys(REVIEWED)
      .filter((one) => !seen.comparisons.includes(one))
      .map((one) => `reviewed, and not there any more: ${one}`),
    ...seen.guesses.filter((path) => !MAY_GUESS.has(path)).map((path) => `Math.random in ${path}`),
    ...seen.missed.map((one) => `control: not found: ${one}`),
    ...(seen.files < 100 ? [`only ${seen.files} sources were read`] : []),
    ...(seen.timingSafe.length === 0 ? ['nothing is compared in constant time'] : []),
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
      ja: `${seen.files} ファイルを調べ、該当する比較 ${seen.comparisons.length} 件はすべて確認済み、定数時間の比較は ${seen.timingSafe.length} ファイルにある`,
      en: `${seen.files} sources: all ${seen.comparisons.length} comparisons of that kind are reviewed; ${seen.timingSafe.length} files compare in constant time`,
    },
  };
}
