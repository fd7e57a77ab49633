// What other systems' proxies say about a client's certificate in headers, said here by the client itself: it makes nobody
// somebody, and is written down (B9).
import type { Proof } from '../proof.ts';
import type { Certified } from './cases.ts';
import { type Ground, tlsGround } from './ground.ts';
import { portOf } from './listeners.ts';
import { show } from './show.ts';
import { another } from './sign-ins.ts';

const PEM_IN_A_HEADER = 'x'.repeat(64);

/** As nginx, HAProxy, Envoy, Apache, Traefik, AWS and Azure name them. */
export const IDENTITY_HEADERS = [
  ...['X-SSL-Client-Cert', 'SSL-Client-Cert', 'X-SSL-Client-S-DN', 'X-Forwarded-Client-Cert', 'X-Client-Cert'],
  ...['X-Tls-Client-Cert-Info', 'X-Amzn-Mtls-Clientcert', 'X-ARR-ClientCert', 'X-Forwarded-User', 'X-Remote-User'],
];

export interface HeaderTry {
  readonly header: string;
  /** Without a certificate, with the header naming one. */
  readonly withoutCertificate: number | null;
  /** Who the gateway takes the connection for, with another's certificate and this header. */
  readonly takenFor: string | null;
  /** Whether the audit log has the header's name. */
  readonly noted: boolean;
}

export interface HeaderObservations {
  readonly tries: readonly HeaderTry[];
  /** An honest browser's header, which must not be noted: else the log would note anything. */
  readonly honestNoted: boolean;
  /** Whether a value that was sent stands in the audit log. */
  readonly valueNoted: boolean;
}

export const identityHeaders: Proof<HeaderObservations> = {
  name: 'tls-identity-headers',
  requirements: ['B9'],
  claim: {
    ja: '証明書の利用者を名乗るヘッダーは無視し、名前だけを監査ログに残す',
    en: 'Headers that claim a certificate’s identity are ignored, and their names written down',
  },
  tried: {
    ja: `代表的な ${IDENTITY_HEADERS.length} 種類のヘッダーを、証明書なしと別人の証明書の両方で送った`,
    en: `sent the ${IDENTITY_HEADERS.length} usual headers without a certificate and with another user's`,
  },
  needs: [],
  async collect(run) {
    const ground = await run.stage(tlsGround);
    const own = another(ground, 'user');
    const tries: HeaderTry[] = [];
    for (const header of IDENTITY_HEADERS) tries.push(await tryHeader(ground, header, own));
    await askWith(ground, 'Accept-Language', own);
    const events = JSON.stringify(ground.audited('gateway'));
    return {
      tries,
      honestNoted: notedHeaders(ground).has('accept-language'),
      valueNoted: events.includes(PEM_IN_A_HEADER),
    };
  },
  judge: judgeHeaders,
};

async function tryHeader(ground: Ground, header: string, own: Certified): Promise<HeaderTry> {
  const { status } = await askWith(ground, header, null);
  const { text } = await askWith(ground, header, own);
  return {
    header,
    withoutCertificate: status,
    takenFor: /"user":"([^"]+)"/.exec(text)?.[1] ?? null,
    noted: notedHeaders(ground).has(header.toLowerCase()),
  };
}

/** Asks who it is taken for: the answer of the sign-in's first step names the certificate's user. */
function askWith(ground: Ground, header: string, certificate: Certified | null) {
  const headers = { [header]: `CN=probe,${PEM_IN_A_HEADER}` };
  return show(portOf(ground, 'users'), certificate ?? {}, { method: 'GET', path: '/api/sign-in', headers });
}

const notedHeaders = (ground: Ground) =>
  new Set(
    ground.audited('gateway').flatMap(({ event, header }) => (event === 'identity-header-ignored' ? [header] : [])),
  );

export function judgeHeaders({ tries, honestNoted, valueNoted }: HeaderObservations) {
  const wrong: string[] = [];
  for (const header of IDENTITY_HEADERS) {
    const one = tries.find((each) => each.header === header);
    if (!one) wrong.push(`${header}: not tried`);
    else if (one.withoutCertificate !== 403) wrong.push(`${header} without a certificate: ${one.withoutCertificate}`);
    else if (one.takenFor !== 'another') wrong.push(`${header}: taken for ${one.takenFor ?? 'nobody'}`);
    else if (!one.noted) wrong.push(`${header}: not written down`);
  }
  if (honestNoted) wrong.push('an honest browser’s header was written down as well');
  if (valueNoted) wrong.push('the value of a header stands in the audit log');
  const [first] = wrong;
  if (first !== undefined) {
    return {
      result: 'fail',
      seen: { ja: `問題 ${wrong.length} 件: ${first}`, en: `${wrong.length} faults: ${first}` },
    } as const;
  }
  return {
    result: 'pass',
    seen: {
      ja: `${tries.length} 種類とも無視され、監査ログには名前だけが残った`,
      en: `all ${tries.length} ignored; the audit log has their names and no value`,
    },
  } as const;
}
