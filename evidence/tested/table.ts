// Requirements whose proof is a set of test files, run anew on this machine: what they try is told in their titles, which
// stand in the artefacts beside the result.
import type { Need, Proof } from '../proof.ts';

export type ByTests = Pick<Proof<unknown>, 'name' | 'requirements' | 'claim'> & {
  /** Below the project's folder; all of them long ones or none. */
  readonly files: readonly string[];
  readonly needs?: readonly Need[];
};

const BROWSER: readonly Need[] = [
  { program: 'chromium', package: 'chromium' },
  { program: 'certutil', package: 'libnss3-tools' },
];
const DESKTOP: readonly Need[] = [
  { program: 'Xtigervnc', package: 'tigervnc-standalone-server' },
  { program: 'xterm', package: 'xterm' },
  { program: 'xdotool', package: 'xdotool' },
];

const attack = (...names: string[]) => names.map((name) => `tests/attacks/${name}.test.ts`);
const gateway = (...names: string[]) => names.map((name) => `tests/gateway/${name}.test.ts`);

export const PROVEN_BY_TESTS: readonly ByTests[] = [
  {
    name: 'a1-no-other-channel',
    requirements: ['A1', 'A2'],
    claim: {
      ja: 'クリップボード、ファイル、印刷、音声の電文は存在せず、改造した端末が送れば庁内側が切る',
      en: 'No message for clipboard, files, printing or sound exists; a modified client that sends one is cut off at the agent',
    },
    files: attack('t10-no-clipboard'),
  },
  {
    name: 'a4-bounded-input',
    requirements: ['A4'],
    claim: {
      ja: '入力はキーとポインターだけで、量と頻度の上限を中継と庁内側がそれぞれ守らせる',
      en: 'Input is keys and pointer alone, its rate bounded by the relays and by the agent',
    },
    files: attack('t09-lanes', 't18-input-flood'),
  },
  {
    name: 'a4-japanese-keys',
    requirements: ['A4'],
    claim: {
      ja: '日本語キーボードのキーが、実ブラウザーから実デスクトップにそのまま届く',
      en: 'Every key of a Japanese keyboard arrives as itself, from a real browser on a real desktop',
    },
    files: ['tests/scenarios/browser-work.test.ts'],
    needs: [...BROWSER, ...DESKTOP],
  },
  {
    name: 'a5-malformed',
    requirements: ['A5'],
    claim: {
      ja: '不正な電文を無数に作って送っても、どの解釈器も上限内で拒否する',
      en: 'However input is malformed, every parser refuses it within its bounds',
    },
    files: attack('t14-malformed-input', 't14-broker-fuzz', 't14-rfb-streams'),
  },
  {
    name: 'b1-every-route',
    requirements: ['B1', 'F2', 'F4'],
    claim: {
      ja: 'すべての経路と WebSocket が、証明書・第二要素・オリジン・一度限りの券を求める',
      en: 'Every route and upgrade wants certificate, second factor, allowed origin and one-time ticket; cookies are out of scripts’ reach',
    },
    files: gateway('doors', 'tickets'),
  },
  {
    name: 'b1-stolen-device',
    requirements: ['B1', 'B8'],
    claim: {
      ja: '盗まれた端末は第二要素なしには何も開けず、証明書と第二要素だけでも庁内側が断る',
      en: 'A stolen device opens nothing without the second factor, and the agent refuses certificate and factor without the paired key',
    },
    files: attack('t01-stolen-device', 't01-passkey-proof'),
  },
  {
    name: 'b2-phishing-resistant',
    requirements: ['B2', 'B3', 'B4'],
    claim: {
      ja: 'パスキーは手順ごとに検証し、偽サイト・使い回し・複製を断る。AAL3 は複製できないものに限る',
      en: 'Passkeys are verified step by step: other sites, replays and copies are refused; AAL3 for hardware-bound ones only',
    },
    files: [...gateway('webauthn', 'passkeys'), ...attack('t19-passkeys', 't19-signing-oracle')],
  },
  {
    name: 'b5-one-time-codes',
    requirements: ['B5', 'B6', 'E1'],
    claim: {
      ja: '同じコードは再起動や同時実行でも二度使えず、他人の証明書では使えず、失敗は 100 回で止まる',
      en: 'No code counts twice, over restarts and races, none under another’s certificate, and failures end at 100',
    },
    files: [...gateway('totp'), ...attack('t07-totp')],
  },
  {
    name: 'e2-passwords',
    requirements: ['E2'],
    claim: {
      ja: 'パスワードは長さと拒否表で決め、Argon2id で保つ',
      en: 'Passwords go by length and blocklist and are kept by Argon2id',
    },
    files: gateway('passwords'),
  },
  {
    name: 'e3-recovery',
    requirements: ['E3'],
    claim: {
      ja: '回復コードは一度だけ使え、要素の管理だけができる',
      en: 'A recovery code is good once, and for managing factors only',
    },
    files: [...gateway('recovery'), ...attack('t23-factor-takeover')],
  },
  {
    name: 'e5-enrolment',
    requirements: ['E5'],
    claim: {
      ja: '登録は二人で行い、コードは一度だけ短時間有効で、秘密鍵は端末から出ない',
      en: 'Enrolment takes two people and a short-lived one-time code, and no private key leaves the device',
    },
    files: attack('t21-enrolment'),
  },
  {
    name: 'e7-no-enumeration',
    requirements: ['E7'],
    claim: {
      ja: '応答の内容からも時間からも、利用者の有無は分からない',
      en: 'Neither answers nor their time tell who is a user',
    },
    files: gateway('enumeration'),
  },
  {
    name: 'e8-last-sign-in',
    requirements: ['E8'],
    claim: {
      ja: '前回のサインインと履歴が本人に見える',
      en: 'Users see their last sign-in and their history',
    },
    files: gateway('sign-in'),
  },
  {
    name: 'e9-administration',
    requirements: ['E9'],
    claim: {
      ja: '一人の管理者は方針を緩められず、他団体を見られない',
      en: 'One administrator alone loosens nothing and sees no other municipality',
    },
    files: attack('t22-administration'),
  },
  {
    name: 'f1-limits',
    requirements: ['F1', 'F3'],
    claim: {
      ja: '無操作 15 分と全体 12 時間で、ゲートウェイ・中継・庁内側がそれぞれ終わらせる。セッションは証明書に結び付く',
      en: 'Gateway, broker and agent each end a session after 15 idle minutes and 12 hours; it is bound to its certificate',
    },
    files: [
      ...gateway('sessions'),
      'tests/broker/session-limit.test.ts',
      'tests/agent/sessions.test.ts',
      ...attack('t05-stolen-cookie-and-ticket'),
    ],
  },
  {
    name: 'f5-takeover',
    requirements: ['F5'],
    claim: {
      ja: '引き継ぎは、庁内側が本人を確かめたあとだけ起こる',
      en: 'A session is taken over only once the agent has verified the user',
    },
    files: [...attack('t01-takeover'), ...gateway('slots')],
  },
  {
    name: 'h3-greedy-and-slow',
    requirements: ['H3'],
    claim: {
      ja: '読まない端末も、欲張りな端末も、ほかのセッションを妨げない',
      en: 'A client that does not read, and one that takes what it can, harm no other session',
    },
    files: attack('t13-slow-peer', 't13-greedy-session'),
  },
  {
    name: 'h4-thin-line',
    requirements: ['H4'],
    claim: {
      ja: '往復 200 ms・1 Mbit/s の回線で、動く絵の横の文字入力が使える',
      en: 'At 200 ms and 1 Mbit/s one can type beside a moving picture',
    },
    files: ['tests/scenarios/slow-link.long.test.ts'],
    needs: [...BROWSER, ...DESKTOP],
  },
  {
    name: 'i1-nothing-stays',
    requirements: ['I1', 'I2'],
    claim: {
      ja: '終了後も強制終了後も、ブラウザーの保存領域に鍵・入力・画素が残らない',
      en: 'After the end and after a kill the browser’s profile holds no key, keystroke or pixel',
    },
    files: ['tests/scenarios/nothing-stays.long.test.ts'],
    needs: [...BROWSER, ...DESKTOP],
  },
  {
    name: 'i3-page-headers',
    requirements: ['I3', 'I4'],
    claim: {
      ja: '画面のヘッダーは一字一句決まっている: 厳しい CSP、Trusted Types、保存の禁止',
      en: 'The page’s headers are fixed to the letter: strict CSP, Trusted Types, no storing',
    },
    files: [...gateway('page'), ...attack('t20-markup')],
  },
];
