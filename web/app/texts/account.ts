// Texts of "sign-in methods and activity".
import type { Bilingual } from '../language.ts';

export const ACCOUNT = {
  title: { ja: 'サインイン方法と利用状況', en: 'Sign-in methods and activity' },
  onlyFactors: {
    ja: 'コードで一時的にサインインしています。パスキーか認証アプリを登録してから、サインインし直してください。それまで、ほかの操作はできません。',
    en: 'You are signed in by a code for now. Set up a passkey or an authenticator app, then sign in again. Nothing else can be done until then.',
  },
  remove: { ja: '削除', en: 'Remove' },
  removeSure: { ja: '本当に削除する', en: 'Really remove' },
} as const satisfies Record<string, Bilingual>;

export const ACTIVITY = {
  live: { ja: '使用中のデスクトップ', en: 'Desktop in use' },
  liveSince: { ja: '{time} から使用中', en: 'In use since {time}' },
  noLive: { ja: '使用中のデスクトップはありません。', en: 'No desktop is in use.' },
  end: { ja: '接続を終了する', en: 'End the session' },
  endSure: { ja: '本当に終了する', en: 'Really end it' },
  history: { ja: 'サインインの履歴', en: 'Recent sign-ins' },
  historyHint: {
    ja: '新しい順に20件までです。心当たりのないものがあるときは、すぐに担当者へ連絡してください。',
    en: 'The newest 20. If there is one that was not you, contact your administrator at once.',
  },
  at: { ja: '日時', en: 'When' },
  address: { ja: '接続元', en: 'From' },
  by: { ja: '方法', en: 'By' },
  result: { ja: '結果', en: 'Result' },
  succeeded: { ja: '成功', en: 'Signed in' },
  failed: { ja: '失敗', en: 'Refused' },
} as const satisfies Record<string, Bilingual>;

export const PASSKEYS = {
  heading: { ja: 'パスキー', en: 'Passkeys' },
  hint: {
    ja: '指紋・顔・PIN、またはセキュリティキーでサインインします。フィッシングに強く、おすすめの方法です。',
    en: 'Sign in by fingerprint, face, PIN or a security key. The recommended way: it withstands phishing.',
  },
  none: { ja: '登録されていません。', en: 'None yet.' },
  created: { ja: '登録：{time}', en: 'Added {time}' },
  used: { ja: '最終使用：{time}', en: 'last used {time}' },
  unused: { ja: '未使用', en: 'never used' },
  backedUp: { ja: '同期あり', en: 'synced' },
  hardwareBound: { ja: '機器固定', en: 'bound to its device' },
  suspended: { ja: '停止中', en: 'suspended' },
  suspendedHint: {
    ja: '複製された疑いがあるため、このパスキーは使えません。担当者に連絡し、削除してください。',
    en: 'There may be a copy of this passkey, so it cannot be used. Tell your administrator and remove it.',
  },
  name: { ja: '名前', en: 'Name' },
  nameHint: { ja: '例：貸与ノートPC、セキュリティキー', en: 'Such as: office laptop, security key' },
  add: { ja: 'パスキーを追加する', en: 'Add a passkey' },
  added: { ja: 'パスキーを登録しました。', en: 'The passkey was added.' },
} as const satisfies Record<string, Bilingual>;

export const TOTP = {
  heading: { ja: '認証アプリ', en: 'Authenticator app' },
  hint: {
    ja: 'スマートフォンのアプリが30秒ごとに表示する6桁のコードを入力します。',
    en: 'You type the six digits that an app on your phone shows, new every 30 seconds.',
  },
  enrolled: { ja: '登録：{time}', en: 'Set up {time}' },
  none: { ja: '登録されていません。', en: 'Not set up.' },
  begin: { ja: '認証アプリを登録する', en: 'Set up an authenticator app' },
  beginAnew: { ja: '登録し直す', en: 'Set up anew' },
  scan: {
    ja: '認証アプリでこのQRコードを読み取り、表示された6桁のコードを入力してください。',
    en: 'Scan this QR code with the app, then type the six digits it shows.',
  },
  qr: { ja: '認証アプリ用のQRコード', en: 'QR code for the authenticator app' },
  secret: { ja: '読み取れないときは、次の文字を入力します。', en: 'If it cannot be scanned, type this instead.' },
  code: { ja: '認証アプリのコード（6桁）', en: 'Code from the app (6 digits)' },
  confirm: { ja: '登録を完了する', en: 'Finish' },
  done: { ja: '認証アプリを登録しました。', en: 'The authenticator app is set up.' },
} as const satisfies Record<string, Bilingual>;

export const PASSWORD = {
  heading: { ja: 'パスワード', en: 'Password' },
  hint: {
    ja: '団体の方針でパスワードも使う場合に設定します。8文字以上で、推測されやすいものは使えません。',
    en: 'For municipalities that ask for one as well. At least 8 characters; what is easily guessed is refused.',
  },
  setAt: { ja: '設定：{time}', en: 'Set {time}' },
  none: { ja: '設定されていません。', en: 'Not set.' },
  label: { ja: '新しいパスワード', en: 'New password' },
  show: { ja: '入力した文字を表示する', en: 'Show what I type' },
  set: { ja: 'パスワードを設定する', en: 'Set the password' },
  done: { ja: 'パスワードを設定しました。', en: 'The password is set.' },
} as const satisfies Record<string, Bilingual>;

export const RECOVERY = {
  heading: { ja: '回復コード', en: 'Recovery codes' },
  hint: {
    ja: 'パスキーや認証アプリを失くしたときに、一度ずつ使えるコードです。',
    en: 'For the day a passkey or the app is lost; each works once.',
  },
  left: { ja: '残り {count} 個', en: '{count} left' },
  make: { ja: '回復コードを作る', en: 'Make recovery codes' },
  makeAnew: { ja: '作り直す（今のコードは使えなくなります）', en: 'Make new ones (those in use become void)' },
  once: {
    ja: 'このコードは今だけ表示します。紙に控え、鍵のかかる場所に保管してください。',
    en: 'These are shown this once. Write them down and keep them under lock and key.',
  },
  noted: { ja: '控えました', en: 'I have noted them' },
} as const satisfies Record<string, Bilingual>;
