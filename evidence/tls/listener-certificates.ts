// The negative matrix at the listeners: every bad certificate is shown to every listener that asks for one, live, and the
// revocation list of each is made stale, forged and missing. The reason is read in the audit log of the refusing process.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { makeCrl } from '#certs/crl.ts';
import { readSigner } from '#lab/odd-certificates.ts';
import type { CertificateKind } from '#protocol/names.ts';
import type { Proof } from '../proof.ts';
import { BAD, BAD_NAMES, certificatesOf } from './cases.ts';
import { type Ground, listOf, listPath, tlsGround } from './ground.ts';
import { LISTENERS, type Listener, type ListenerName } from './listeners.ts';
import { type Shown, show } from './show.ts';

export interface Try {
  readonly listener: ListenerName;
  /** A name of BAD or LIST, or `none`, or `good…` */
  readonly shown: string;
  readonly status: number | null;
  readonly code: string | null;
  /** What the audit log of the listener's process says about it; null if nothing. */
  readonly reason: string | null;
  readonly detail: string | null;
}

/** What is done to the listener's revocation list; the good certificate is shown then. */
const LISTS = ['stale', 'forged', 'missing'] as const;
const LIST_DETAIL: Readonly<Record<(typeof LISTS)[number], RegExp>> = {
  stale: /has run out/,
  forged: /cannot be used/,
  missing: /cannot be used/,
};
/** What a running listener needs to see a changed file, many times over. */
const TAKEN_OVER_MAX_MS = 15_000;
/** The gateway writes down 20 strangers a second one by one. */
const PAUSE_MS = 120;
const WEEK_MS = 7 * 86_400_000;

const ASKING = LISTENERS.filter((one): one is Listener & { asks: CertificateKind } => one.asks !== null);

export const listenerCertificates: Proof<readonly Try[]> = {
  name: 'tls-listener-certificates',
  requirements: ['D9', 'D6', 'B1', 'C4'],
  claim: {
    ja: '証明書を求める四つの入口は、正しい種類で有効なものだけを通し、失効リストが読めなければ誰も通さない',
    en: 'The four listeners that ask for a certificate let only a valid one of their own kind in, and nobody without a usable revocation list',
  },
  tried: {
    ja: `稼働中の各入口に、${BAD_NAMES.length} 種類の不正な証明書と証明書なしを示し、失効リストを古いもの・偽物・なしに替えた`,
    en: `showed each running listener ${BAD_NAMES.length} kinds of bad certificate and none, and made its revocation list stale, forged and missing`,
  },
  needs: [],
  async collect(run) {
    const ground = await run.stage(tlsGround);
    const tries = await Promise.all(ASKING.map((listener, index) => tryListener(ground, listener, index)));
    return tries.flat();
  },
  judge: judgeTries,
};

async function tryListener(
  ground: Ground,
  listener: Listener & { asks: CertificateKind },
  index: number,
): Promise<Try[]> {
  const certificates = certificatesOf(ground, listener.asks, 'client');
  const list = spoilable(ground, listener.asks);
  const tries: Try[] = [];
  let count = 0;
  /** From an address of its own, so that the audit log tells which try it was. */
  const once = async (shown: string, certificate: Shown | null): Promise<Try> => {
    count++;
    const address = `127.${index + 1}.${count >> 8}.${count & 0xff}`;
    const { status, code } = await show(listener.port(ground), certificate ?? {}, listener.asked, address);
    const noted = ground
      .audited(listener.process)
      .findLast((one) => one.event === 'certificate-refused' && one.address === address);
    const { reason = null, detail = null } = noted ?? {};
    await delay(PAUSE_MS);
    return { listener: listener.name, shown, status, code, reason, detail };
  };
  /** Until the listener has seen its changed file. */
  const until = async (shown: string, certificate: Shown, done: (one: Try) => boolean) => {
    const end = performance.now() + TAKEN_OVER_MAX_MS;
    let one = await once(shown, certificate);
    while (!done(one) && performance.now() < end) one = await once(shown, certificate);
    tries.push(one);
  };

  await until('revoked', certificates.revoked, ({ status }) => status === 403);
  tries.push(await once('good', certificates.good), await once('none', null));
  for (const name of BAD_NAMES) if (name !== 'revoked') tries.push(await once(name, certificates[name]));
  for (const name of LISTS) {
    list[name]();
    await until(name, certificates.good, ({ reason, detail }) => {
      return reason === 'REVOCATION_UNKNOWN' && LIST_DETAIL[name].test(detail ?? '');
    });
    // Two states look alike to who is refused: each begins from a list that is good.
    list.restore();
    await until(`good after ${name}`, certificates.good, ({ status }) => status === listener.accepted);
  }
  return tries;
}

/** The file that the running listener goes by. */
function spoilable({ system }: Ground, kind: CertificateKind) {
  const path = listPath(system, kind);
  const before = readFileSync(path, 'utf8');
  const signer = readSigner(system.pki.dir, kind);
  const { key } = readSigner(system.pki.dir, kind === 'user' ? 'hop' : 'user');
  return {
    stale: () => writeFileSync(path, listOf(system, kind, [], Date.now() - WEEK_MS - 600_000)),
    /** In the authority's name, by another key. */
    forged: () => writeFileSync(path, makeCrl({ ...signer, key }, [], 102, Date.now())),
    missing: () => rmSync(path),
    restore: () => writeFileSync(path, before),
  };
}

const ACCEPTED: ReadonlyMap<string, number> = new Map(ASKING.map(({ name, accepted }) => [name, accepted]));

/** What must be shown at every listener, and what must come of it: a reason, or null where it is let in. */
export const EXPECTED: Readonly<Record<string, string | null>> = {
  ...Object.fromEntries(BAD_NAMES.map((name) => [name, BAD[name].reason])),
  none: 'CERTIFICATE_MISSING',
  ...Object.fromEntries(
    LISTS.flatMap((name) => [
      [name, 'REVOCATION_UNKNOWN'],
      [`good after ${name}`, null],
    ]),
  ),
  good: null,
};

export function judgeTries(tries: readonly Try[]): ReturnType<Proof<unknown>['judge']> {
  const wrong: string[] = [];
  for (const { name: listener } of ASKING) {
    for (const [shown, reason] of Object.entries(EXPECTED)) {
      const one = tries.find((each) => each.listener === listener && each.shown === shown);
      if (!one) wrong.push(`${listener}: "${shown}" was not tried`);
      else if (!isAsExpected(one, reason)) {
        wrong.push(`${listener}, ${shown}: ${one.status} ${one.code ?? ''}, audited ${one.reason ?? 'nothing'}`);
      }
    }
  }
  const [first] = wrong;
  if (first !== undefined) {
    return {
      result: 'fail',
      seen: { ja: `期待と異なる結果 ${wrong.length} 件: ${first}`, en: `${wrong.length} not as expected: ${first}` },
    };
  }
  const refused = tries.filter(({ reason }) => reason !== null).length;
  return {
    result: 'pass',
    seen: {
      ja: `${ASKING.length} 入口で不正な ${refused} 件をすべて拒否し、理由を監査ログに記録、正しい証明書は各入口で通った`,
      en: `${refused} bad tries at ${ASKING.length} listeners refused, each with its reason in the audit log; the good certificate passed at each`,
    },
  };
}

function isAsExpected({ listener, status, code, reason }: Try, expected: string | null): boolean {
  if (expected === null) return status === ACCEPTED.get(listener) && reason === null;
  const answer = expected === 'CERTIFICATE_MISSING' ? 'CERTIFICATE_REQUIRED' : 'CERTIFICATE_REFUSED';
  return status === 403 && code === answer && reason === expected;
}
