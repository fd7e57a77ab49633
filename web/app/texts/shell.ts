// Texts of what surrounds the pages.
import { type Bilingual, fill } from '../language.ts';

export const SHELL = {
  name: { ja: 'テレワーク', en: 'Telework' },
  desktops: { ja: 'デスクトップ', en: 'Desktops' },
  account: { ja: 'マイページ', en: 'My account' },
  certificateEnds: {
    ja: 'この端末の証明書は {time} に期限が切れます。早めに担当者へ更新を依頼してください。',
    en: 'The certificate on this device ends on {time}. Ask your administrator for a new one in time.',
  },
  signOut: { ja: 'サインアウト', en: 'Sign out' },
  municipality: { ja: '団体コード {municipality}', en: 'Municipality {municipality}' },
  everywhere: { ja: '全団体', en: 'All municipalities' },
  until: { ja: '{time} まで利用可', en: 'Until {time}' },
  troubled: { ja: '画面を表示できません', en: 'This page cannot be shown' },
  retry: { ja: 'もう一度試す', en: 'Try again' },
  ended: {
    ja: 'サインインが終了しました。もう一度サインインしてください。',
    en: 'You are no longer signed in. Please sign in again.',
  },
  signedOut: {
    ja: 'サインアウトしました。この端末を離れるときは、ブラウザーも終了してください。',
    en: 'You are signed out. Close the browser as well if you leave this device.',
  },
} as const satisfies Record<string, Bilingual>;

/** @param municipality "-" for an administrator of all of them */
export function chargeIn(municipality: string): Bilingual {
  return municipality === '-' ? SHELL.everywhere : fill(SHELL.municipality, { municipality });
}

/** How somebody signed in: the names that the gateway gives to factors (RFC 8176), in words. */
export const FACTORS = {
  mtls: { ja: '証明書', en: 'certificate' },
  otp: { ja: '認証アプリ', en: 'authenticator app' },
  swk: { ja: 'パスキー', en: 'passkey' },
  hwk: { ja: 'パスキー（機器固定）', en: 'passkey (bound to its device)' },
  user: { ja: '本人確認', en: 'user verified' },
  pwd: { ja: 'パスワード', en: 'password' },
  recovery: { ja: '利用開始コード・回復コード', en: 'activation or recovery code' },
} as const satisfies Record<string, Bilingual>;
