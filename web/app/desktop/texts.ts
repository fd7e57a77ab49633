// Texts of the desktop and of pairing.
import type { ScreenKey } from '#web/core/screen-keys.ts';
import type { Bilingual } from '../language.ts';

export const DESKTOP = {
  opening: { ja: '「{label}」に接続しています…', en: 'Connecting to {label} …' },
  gesture: {
    ja: 'パスキーの確認を求められたら、画面の案内に従ってください。',
    en: 'If your passkey is asked for, follow what the browser says.',
  },
  cancel: { ja: '中止', en: 'Cancel' },
  toolbar: { ja: '操作バー', en: 'Toolbar' },
  toToolbar: {
    ja: '画面から操作バーへは Ctrl + Alt + Home で移動できます。',
    en: 'Ctrl + Alt + Home leads from the screen to the toolbar.',
  },
  screen: {
    ja: '{label} の画面。キー入力はすべてデスクトップに送られます。Ctrl + Alt + Home で操作バーに移動します。',
    en: 'The screen of {label}. All keys go to the desktop. Ctrl + Alt + Home leads to the toolbar.',
  },
  fit: { ja: '全体を表示', en: 'Fit' },
  actual: { ja: '原寸', en: 'Actual size' },
  drag: { ja: 'つかんで動かす', en: 'Drag to move' },
  resize: { ja: '解像度を合わせる', en: 'Match resolution' },
  fullScreen: { ja: '全画面', en: 'Full screen' },
  keys: { ja: 'キー', en: 'Keys' },
  keysHint: {
    ja: 'この端末では入力できないキーを、デスクトップに送ります。',
    en: 'Sends keys to the desktop that this device keeps for itself or does not have.',
  },
  quality: { ja: '通信状態', en: 'Connection' },
  leave: { ja: '切断', en: 'Disconnect' },
  live: { ja: '接続しました。', en: 'Connected.' },
  away: {
    ja: 'この画面が表示されていなかったため、内容を消しています。',
    en: 'The content is hidden, because this page was not being looked at.',
  },
  drawnAnew: { ja: '画面の表示をやり直しています。', en: 'The screen is being drawn anew.' },
  idleWarning: {
    ja: '操作がないため、まもなく接続を終了します。続ける場合は「続ける」を押してください。',
    en: 'Nothing was done for a while; the session ends soon. Press “Go on” to keep it.',
  },
  idleLeft: { ja: '残り {seconds} 秒', en: '{seconds} s left' },
  goOn: { ja: '続ける', en: 'Go on' },
  overallWarning: {
    ja: '利用時間の上限が近づいています。作業を保存してください。あと {minutes} 分で終了します。',
    en: 'The time limit is near. Save your work; the session ends in {minutes} min.',
  },
  certificateWarning: {
    ja: '証明書の有効期限が近づいています。作業を保存してください。あと {minutes} 分で終了します。続けて使うには証明書の更新が必要です。',
    en: 'Your certificate is about to end. Save your work; the session ends in {minutes} min. You need a new certificate to go on.',
  },
  ended: { ja: '接続が終了しました', en: 'The session has ended' },
  notOpened: { ja: '接続できませんでした', en: 'The desktop was not opened' },
  toldByRelay: {
    ja: 'これは中継からの通知で、認証されていません。',
    en: 'This was said by a relay and is not authenticated.',
  },
  lostUnknown: {
    ja: '終了の理由は通知されていません。通信環境を確認してください。',
    en: 'Nobody gave a reason. Check your network.',
  },
  again: { ja: 'もう一度接続する', en: 'Connect again' },
  back: { ja: '一覧に戻る', en: 'Back to the list' },
  pair: { ja: 'この端末を登録する', en: 'Pair this device' },
} as const satisfies Record<string, Bilingual>;

export const QUALITY = {
  roundTrip: { ja: '往復遅延', en: 'Round trip' },
  inputToPixel: { ja: '入力から表示まで', en: 'Input to pixel' },
  received: { ja: '受信', en: 'Received' },
  suite: { ja: '暗号方式', en: 'Cipher suite' },
  agent: { ja: '庁内側の鍵の指紋', en: 'Key of the office side' },
  agentHint: {
    ja: '庁内の PC に表示される値と同じであることを確認できます。',
    en: 'The office PC shows the same value.',
  },
  notYet: { ja: '測定前', en: 'not measured yet' },
  hint: {
    ja: '往復遅延は操作したときに測定されます。入力から表示までの時間は推定値です。',
    en: 'The round trip is measured when you type or click. Input to pixel is an estimate.',
  },
  good: { ja: '良好', en: 'good' },
  fair: { ja: 'やや遅い', en: 'slow' },
  poor: { ja: '遅い', en: 'very slow' },
} as const satisfies Record<string, Bilingual>;

export const KEY_NAMES: Readonly<Record<ScreenKey, Bilingual>> = {
  ctrlAltDelete: { ja: 'Ctrl + Alt + Delete', en: 'Ctrl + Alt + Delete' },
  zenkakuHankaku: { ja: '半角/全角', en: 'Zenkaku/Hankaku' },
  convert: { ja: '変換', en: 'Henkan (convert)' },
  nonConvert: { ja: '無変換', en: 'Muhenkan (non-convert)' },
  katakanaHiragana: { ja: 'カタカナ/ひらがな', en: 'Katakana/Hiragana' },
  eisu: { ja: '英数', en: 'Eisu (Caps Lock)' },
  windows: { ja: 'Windows キー', en: 'Windows key' },
};

export const PAIRING = {
  title: { ja: '端末の登録', en: 'Pair this device' },
  about: {
    ja: '「{label}」で使う端末として、このブラウザーを登録します。庁内で受け取った端末登録コードを入力してください。',
    en: 'This browser becomes a device for {label}. Enter the pairing code that you were given at the office.',
  },
  code: { ja: '端末登録コード', en: 'Pairing code' },
  codeHint: {
    ja: '16 文字。ハイフンと大文字・小文字の違いは気にせず入力できます。コードはこの端末から送信されません。',
    en: '16 characters; hyphens and case do not matter. The code never leaves this device.',
  },
  with: { ja: '開くときの確認方法', en: 'What proves you when you open it' },
  deviceKey: { ja: 'この端末の鍵', en: 'The key of this device' },
  deviceKeyHint: {
    ja: '鍵はこのブラウザーに保存され、取り出せません。開くときの操作は要りません。',
    en: 'It is kept in this browser and cannot be taken out. Opening needs no gesture.',
  },
  passkey: { ja: 'パスキー', en: 'A passkey' },
  passkeyHint: {
    ja: '開くたびに指紋や PIN などで確認します。サインイン用とは別のパスキーを作ります。',
    en: 'You confirm each opening, with a fingerprint or PIN. Another passkey than that of the sign-in is made.',
  },
  submit: { ja: '登録する', en: 'Pair' },
  cancel: { ja: 'やめる', en: 'Cancel' },
  done: { ja: '登録しました。', en: 'This device is paired.' },
  compare: {
    ja: '庁内側の鍵の指紋です。庁内の PC に表示される値と同じことを確認してください。',
    en: 'The fingerprint of the office side’s key. The office PC shows the same value.',
  },
  goOn: { ja: '一覧に戻る', en: 'Back to the list' },
} as const satisfies Record<string, Bilingual>;
