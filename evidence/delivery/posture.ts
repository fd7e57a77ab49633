// I5: what a device says of itself opens nothing. There is no field for it: whoever adds one is refused, and headers change nothing.
import { oneTimeCode } from '#client-sim/one-time-code.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type Answer, type Asked, ask, live } from './live.ts';
import { verdict } from './verdict.ts';

const POSTURE = { antivirus: 'current', diskEncrypted: true, osPatched: true, compliant: true, managed: true };
/** As other products send them. */
const HEADERS = {
  'X-Device-Compliant': 'true',
  'X-Device-Posture': JSON.stringify(POSTURE),
  'X-Managed-Device': 'true',
  'Sec-Device-Trust': 'trusted',
};

/** What came back, with the claims and without: status and, of a refusal, its code. */
export interface Pair {
  readonly claimed: string;
  readonly plain: string;
}

export interface PostureSeen {
  /** The claims in the body of a sign-in with the right code; nothing else may count. */
  readonly inSignIn: string;
  /** The right code without them: the route works. */
  readonly signIn: string;
  /** The claims in the body of a request to open a desktop, and that request without them. */
  readonly inOpening: Pair;
  /** The claims in headers: without a certificate, with a wrong code, without a sign-in, and signed in. */
  readonly headers: Readonly<Record<'noCertificate' | 'wrongCode' | 'noSignIn' | 'signedIn', Pair>>;
}

export const posture: Proof<PostureSeen> = {
  name: 'i5-posture',
  requirements: ['I5'],
  claim: {
    ja: '端末が自分の状態をどう申告しても、できることは増えない',
    en: 'whatever a device claims about its own state, it gains nothing',
  },
  tried: {
    ja: '動いているゲートウェイへ、端末の状態を本文とヘッダーに付けて、証明書なし・誤ったコード・サインイン前・サインイン後・デスクトップを開くときに送り、付けないときと比べた',
    en: 'sent claims about the device to a running gateway, in bodies and headers: without a certificate, with a wrong code, before and after signing in, and when opening a desktop; compared with the same requests without them',
  },
  needs: [],
  async collect(run) {
    const { system, person } = await run.stage(live);
    const at = (path: string, asked: Asked = {}, who: Parameters<typeof ask>[1] = person) =>
      ask(`${system.gateway}${path}`, who, asked);
    const post = (json: unknown, headers: Record<string, string> = {}): Asked => ({ method: 'POST', json, headers });
    const pair = async (send: (headers: Record<string, string>) => Promise<Answer>): Promise<Pair> => ({
      claimed: shortly(await send(HEADERS)),
      plain: shortly(await send({})),
    });
    const code = await oneTimeCode({ otp: undefined, uriFile: person.totpFile, ageSeconds: 0 }, Date.now());
    const wrong = code === '000000' ? '000001' : '000000';
    const stranger = { ca: person.ca };
    const wrongCode = await pair((headers) => at('/api/sign-in/totp', post({ code: wrong }, headers)));
    const inSignIn = shortly(await at('/api/sign-in/totp', post({ code, posture: POSTURE })));
    const signedIn = await signIn(() => at('/api/sign-in/totp', post({ code })));
    const cookie = { Cookie: signedIn.cookie };
    const desktop = system.desktops[0] ?? '';
    const opening = { desktop: `${desktop}-other`, mode: 'open', hello: 'A'.repeat(43) };
    return {
      inSignIn,
      signIn: signedIn.seen,
      inOpening: {
        claimed: shortly(await at('/api/desktops/open', post({ ...opening, posture: POSTURE }, cookie))),
        plain: shortly(await at('/api/desktops/open', post(opening, cookie))),
      },
      headers: {
        noCertificate: await pair((headers) => at('/api/sign-in', { headers }, stranger)),
        wrongCode,
        noSignIn: await pair((headers) => at('/api/desktops', { headers })),
        signedIn: await pair((headers) => at('/api/desktops', { headers: { ...cookie, ...headers } })),
      },
    };
  },
  judge: judgePosture,
};

async function signIn(send: () => Promise<Answer>): Promise<{ seen: string; cookie: string }> {
  const answer = await send();
  return { seen: shortly(answer), cookie: answer.cookie };
}

/** "200 …body" of what was granted, "401 SIGN_IN_REFUSED" of what was not. */
function shortly({ status, body }: Answer): string {
  const text = body.toString('utf8');
  return `${status} ${status === 200 ? text : (/"code":"([A-Z_]+)"/.exec(text)?.[1] ?? '')}`;
}

export function judgePosture({ inSignIn, signIn: plain, inOpening, headers }: PostureSeen): Judgement {
  const wrong = [
    ...(inSignIn === '400 BAD_REQUEST' ? [] : [`claims in a sign-in: ${inSignIn}`]),
    ...(plain.startsWith('200 ') ? [] : [`the sign-in without them: ${plain}`]),
    ...(inOpening.claimed === '400 BAD_REQUEST' ? [] : [`claims in an opening: ${inOpening.claimed}`]),
    ...(inOpening.plain === '403 NOT_ENTITLED' ? [] : [`that opening without them: ${inOpening.plain}`]),
    ...Object.entries(headers)
      .filter(([, { claimed, plain: without }]) => claimed !== without)
      .map(([where, { claimed, plain: without }]) => `headers, ${where}: ${claimed} instead of ${without}`),
    ...(['403', '401', '401', '200'].join() ===
    Object.values(headers)
      .map(({ plain: one }) => one.slice(0, 3))
      .join()
      ? []
      : ['the requests without claims are not answered as they should be']),
  ];
  return verdict(wrong, {
    ja: '本文に付けると 400 で断られ、ヘッダーに付けても答えは変わらない。端末の状態を確かめるのは団体の管理',
    en: 'in a body they are refused with 400, in headers they change no answer. To keep devices in order is the municipality’s part',
  });
}
