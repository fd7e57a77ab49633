// Texts of the enrolment page.
import type { Bilingual } from '../language.ts';

export const ENROL = {
  name: { ja: 'テレワーク 証明書の発行', en: 'Telework: your certificate' },
} as const satisfies Record<string, Bilingual>;

export const ASK = {
  title: { ja: '証明書を申請する', en: 'Ask for a certificate' },
  intro: {
    ja: 'テレワークに使う証明書を、この端末で申請します。秘密の鍵はこの端末で作られ、暗号化したファイルとしてあなたの手元にだけ残ります。',
    en: 'Here you ask for your telework certificate. The private key is made on this device and stays with you alone, in an encrypted file.',
  },
  code: { ja: '申請コード', en: 'Enrolment code' },
  codeHint: {
    ja: '担当者から渡された16文字のコードです。渡されてから10分以内に申請してください。',
    en: 'The 16 characters your administrator gave you. They are good for ten minutes.',
  },
  password: { ja: 'ファイルのパスワード', en: 'Password for your files' },
  passwordHint: {
    ja: '鍵と証明書のファイルを守ります。12文字以上の半角英数字・記号で、ほかで使っていないものにしてください。忘れると受け取れません。',
    en: 'It protects your key and certificate files: 12 or more Latin letters, digits and signs, used nowhere else. Without it nothing can be fetched.',
  },
  again: { ja: 'パスワード（確認）', en: 'The password again' },
  submit: { ja: '鍵を作って申請する', en: 'Make the key and ask' },
  already: { ja: '申請済みの方：証明書を受け取る', en: 'You have asked already: fetch your certificate' },
} as const satisfies Record<string, Bilingual>;

export const PASSWORD_JUDGEMENT = {
  characters: {
    ja: '半角の英数字・記号だけを使ってください。',
    en: 'Only Latin letters, digits and signs, please.',
  },
  short: { ja: '短すぎます。12文字以上にしてください。', en: 'Too short: 12 characters at least.' },
  simple: {
    ja: '単純すぎます。いろいろな文字を使ってください。',
    en: 'Too simple: use more different characters.',
  },
  fair: { ja: '使えます。16文字以上にすると、より安全です。', en: 'Good enough. With 16 characters it is stronger.' },
  strong: { ja: '十分な強さです。', en: 'Strong.' },
  different: { ja: '2つのパスワードが一致しません。', en: 'The two passwords differ.' },
} as const satisfies Record<string, Bilingual>;

export const HANDED_IN = {
  title: { ja: '申請しました', en: 'You have asked' },
  save: { ja: '鍵ファイルを保存する', en: 'Save the key file' },
  saveHint: {
    ja: '発行まで時間がかかることがあります。鍵ファイルがあれば、この画面を閉じても後で受け取れます。パスワードで暗号化されています。',
    en: 'It may take a while. With the key file you can close this page and fetch the certificate later. Your password encrypts it.',
  },
  number: { ja: '受付番号', en: 'Request number' },
  numberHint: {
    ja: 'この番号を、電話か対面で担当者に伝えてください。担当者は、あなたの鍵であることをこの番号で確かめます。',
    en: 'Tell your administrator this number, by telephone or in person: it shows that the key is yours.',
  },
  until: { ja: '受け取り期限：{time}', en: 'To be fetched until {time}' },
  fetch: { ja: '証明書を受け取る', en: 'Fetch the certificate' },
  waiting: {
    ja: 'まだ発行されていません。担当者の手続きが済んでから、もう一度お試しください。',
    en: 'It is not there yet. Try again when your administrator has finished.',
  },
} as const satisfies Record<string, Bilingual>;

export const COLLECT = {
  title: { ja: '証明書を受け取る', en: 'Fetch your certificate' },
  intro: {
    ja: '申請したときに保存した鍵ファイルと、そのパスワードで受け取ります。',
    en: 'With the key file that you saved when you asked, and its password.',
  },
  file: { ja: '鍵ファイル', en: 'Key file' },
  fileHint: {
    ja: 'telework- で始まり .key で終わるファイルです。',
    en: 'It begins with telework- and ends with .key.',
  },
  password: { ja: 'ファイルのパスワード', en: 'Password of the file' },
  noFile: { ja: '鍵ファイルを選んでください。', en: 'Choose the key file.' },
  wrongPassword: { ja: 'パスワードが違います。', en: 'The password is wrong.' },
  wrongFile: {
    ja: 'この画面で保存した鍵ファイルではありません。',
    en: 'This is no key file that was saved on this page.',
  },
  back: { ja: '新しく申請する', en: 'Ask for a new certificate' },
} as const satisfies Record<string, Bilingual>;

export const DONE = {
  title: { ja: '証明書ができました', en: 'Your certificate is ready' },
  save: { ja: '証明書ファイル（.p12）を保存する', en: 'Save the certificate file (.p12)' },
  saveHint: {
    ja: '申請のときに決めたパスワードで開けます。次の手順でこの端末に入れてください。',
    en: 'The password you chose opens it. Install it on this device as follows.',
  },
  windows: { ja: 'Windows の Chrome・Edge', en: 'Windows (Chrome, Edge)' },
  windowsHow: {
    ja: '保存したファイルをダブルクリックし、「現在のユーザー」を選んで進みます。パスワードを入力し、「このキーをエクスポート可能にする」のチェックは外したまま、最後まで「次へ」を押します。',
    en: 'Double-click the file, choose “Current User” and go on. Type the password, leave “Mark this key as exportable” unticked, and press “Next” to the end.',
  },
  mac: { ja: 'macOS の Chrome・Safari', en: 'macOS (Chrome, Safari)' },
  macHow: {
    ja: '「キーチェーンアクセス」でファイルを開き、「ログイン」キーチェーンに追加してパスワードを入力します。',
    en: 'Open the file in Keychain Access, add it to the “login” keychain and type the password.',
  },
  firefox: { ja: 'Firefox', en: 'Firefox' },
  firefoxHow: {
    ja: '設定の「プライバシーとセキュリティ」で「証明書を表示」を押し、「あなたの証明書」の「インポート」からファイルを選びます。',
    en: 'In the settings under “Privacy & Security” press “View Certificates”, then “Import” under “Your Certificates”.',
  },
  linux: { ja: 'Linux の Chrome', en: 'Linux (Chrome)' },
  linuxHow: {
    ja: '設定の「プライバシーとセキュリティ」→「セキュリティ」→「証明書の管理」で、「お客様の証明書」の「インポート」からファイルを選びます。',
    en: 'In the settings under “Privacy and security”, “Security”, “Manage certificates”, import the file as one of your certificates.',
  },
  after: { ja: '入れ終わったら', en: 'Afterwards' },
  afterHow: {
    ja: 'ダウンロードした鍵ファイルと証明書ファイルを削除してください。ブラウザーを開き直し、担当者から案内されたテレワークのアドレスを開いて、この証明書を選びます。',
    en: 'Delete the key file and the certificate file that you downloaded. Restart the browser, open the telework address your administrator gave you, and choose this certificate.',
  },
} as const satisfies Record<string, Bilingual>;
