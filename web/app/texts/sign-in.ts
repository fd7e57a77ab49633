// Texts of the sign-in page.
import type { Bilingual } from '../language.ts';

export const SIGN_IN = {
  title: { ja: 'サインイン', en: 'Sign in' },
  who: {
    ja: 'この端末の証明書：{user}（団体コード {municipality}）',
    en: 'Certificate on this device: {user} (municipality {municipality})',
  },
  whoAdministrates: {
    ja: 'この端末の管理者用証明書：{user}',
    en: 'Administrator’s certificate on this device: {user}',
  },
  passkey: { ja: 'パスキーでサインイン', en: 'Sign in with a passkey' },
  passkeyHint: {
    ja: '指紋・顔・PIN、またはセキュリティキーで本人確認をします。',
    en: 'Confirms that it is you by fingerprint, face, PIN or a security key.',
  },
  passkeyUnable: {
    ja: 'このブラウザーではパスキーを使えません。',
    en: 'This browser cannot use passkeys.',
  },
  or: { ja: 'または', en: 'or' },
  code: { ja: '認証アプリのコード（6桁）', en: 'Code from your authenticator app (6 digits)' },
  withCode: { ja: 'コードでサインイン', en: 'Sign in with the code' },
  password: { ja: 'パスワード', en: 'Password' },
  passwordHint: {
    ja: 'お使いの団体では、パスワードの入力も必要です。',
    en: 'Your municipality asks for a password as well.',
  },
  trouble: { ja: '初めて使うとき・サインインできないとき', en: 'First time here, or unable to sign in?' },
  recovery: { ja: '利用開始コードまたは回復コード', en: 'Activation or recovery code' },
  recoveryHint: {
    ja: '利用開始コードは担当者から受け取るもの、回復コードはご自分で控えたものです。どちらも一度しか使えません。このサインインでできるのは、サインイン方法の登録だけです。',
    en: 'An activation code comes from your administrator; recovery codes are those you noted down yourself. Each works once. With it you can only set up how you sign in.',
  },
  withRecovery: { ja: 'このコードを使う', en: 'Use this code' },
} as const satisfies Record<string, Bilingual>;

/** What a browser says when a passkey did not come about. */
export const PASSKEY_TROUBLE = {
  notDone: {
    ja: 'パスキーの確認が行われませんでした。もう一度お試しください。',
    en: 'The passkey was not confirmed. Please try again.',
  },
  already: {
    ja: 'この機器のパスキーはすでに登録されています。',
    en: 'A passkey of this device is registered already.',
  },
  place: {
    ja: 'このアドレスではパスキーを使えません。担当者に連絡してください。',
    en: 'Passkeys cannot be used at this address. Please contact your administrator.',
  },
} as const satisfies Record<string, Bilingual>;
