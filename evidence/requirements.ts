// The requirements by their ids, A1 … J6, in one sentence each.

export const REQUIREMENTS = {
  A1: {
    ja: '画面だけが出ていき、キーとポインターだけが入る',
    en: 'Only pixels go out and only key and pointer events come in',
  },
  A2: {
    ja: '禁止事項は庁内側とゲートウェイが強制し、端末に任せない',
    en: 'What is forbidden is enforced on the LGWAN side and at the gateway, never by the client alone',
  },
  A3: {
    ja: '透かしは庁内側で、符号化と暗号化の前に焼き込む',
    en: 'The watermark is burned in on the LGWAN side, before encoding and encryption',
  },
  A4: {
    ja: '入力は量と頻度に上限があり、日本語キーボードのすべてのキーが届く',
    en: 'Input is bounded in size and rate, and every key of a Japanese keyboard arrives',
  },
  A5: {
    ja: '電文の解釈はすべて上限を持ち、不正な電文で閉じる',
    en: 'Every parser is bounded, and malformed input closes the connection',
  },
  B1: {
    ja: 'どの経路でもクライアント証明書と第二要素の両方を求める',
    en: 'Client certificate and second factor on every path, with no way around',
  },
  B2: {
    ja: 'フィッシングに強い認証を選べる',
    en: 'At least one phishing-resistant factor is offered',
  },
  B3: {
    ja: 'パスキーの検証手順をすべて行う',
    en: 'A passkey is verified step by step, as WebAuthn demands',
  },
  B4: {
    ja: 'AAL3 は複製できない認証器のときだけ主張する',
    en: 'AAL3 is claimed for hardware-bound authenticators only',
  },
  B5: {
    ja: 'ワンタイムコードは二度と使えない',
    en: 'A one-time code is never accepted twice',
  },
  B6: {
    ja: 'ワンタイムコードは接続の証明書の利用者に結び付く',
    en: 'A one-time code counts only for the user of the connection’s certificate',
  },
  B7: {
    ja: 'メールや SMS の認証コードを使わない',
    en: 'No codes by e-mail or SMS',
  },
  B8: {
    ja: '庁内側が利用者を自分で確かめる',
    en: 'The LGWAN side verifies the user itself',
  },
  B9: {
    ja: '証明書の利用者は TLS の接続だけから読む',
    en: 'The certificate’s identity comes from the TLS connection only, never from a header',
  },
  C1: {
    ja: 'インターネット側とAP側から LGWAN へ IP の通り道がない',
    en: 'No IP reachability into LGWAN from the internet or the AP-server network',
  },
  C2: {
    ja: '庁内側は外へ接続するだけで、待ち受けない',
    en: 'The LGWAN side dials out only and listens to nobody',
  },
  C3: {
    ja: '中継の電文に宛先の項目がない',
    en: 'No message of a relay has a place for a destination',
  },
  C4: {
    ja: '三つの区域は互いの証明書を取り違えない',
    en: 'Three zones, each hop with its own authority',
  },
  C5: {
    ja: '中継は鍵も平文も持たない',
    en: 'The relays hold neither keys nor plaintext',
  },
  C6: {
    ja: '権限は接続ごとに既定拒否で判断し、使用中も見直す',
    en: 'Rights are decided per connection, denied by default, and looked at again while running',
  },
  D1: {
    ja: 'すべての区間に認証・暗号・改ざん検知がある',
    en: 'Authentication, encryption and tamper detection on every hop',
  },
  D2: {
    ja: 'TLS 1.3 だけを受け付ける',
    en: 'TLS 1.3 only',
  },
  D3: {
    ja: '暗号スイートと鍵交換は許可表のとおり',
    en: 'Cipher suites and groups are those of the allow-list',
  },
  D4: {
    ja: '電子政府推奨暗号を使い、例外には理由がある',
    en: 'Recommended ciphers, exceptions with their reason',
  },
  D5: {
    ja: 'ChaCha20-Poly1305 に頼らない',
    en: 'No dependence on ChaCha20-Poly1305',
  },
  D6: {
    ja: '128 ビット以上の強度',
    en: 'At least 128 bits of strength',
  },
  D7: {
    ja: '端末間の鍵は毎回新しく、鍵とノンスの組は二度使わない',
    en: 'Fresh end-to-end keys, and no key and nonce pair twice',
  },
  D8: {
    ja: '暗号を入れ替えられ、弱い方へ落ちない',
    en: 'Suites can be exchanged and never downgraded',
  },
  D9: {
    ja: '証明書は期限・用途・種別・失効まで検証し、失効情報がなければ拒否する',
    en: 'Certificates are fully verified, and missing revocation data refuses',
  },
  D10: {
    ja: '比較は一定時間、乱数は暗号用',
    en: 'Constant-time comparisons and cryptographic randomness',
  },
  D11: {
    ja: '秘密はコードになく、初期値の秘密もない',
    en: 'No secret in the code, and no default secret',
  },
  E1: {
    ja: '失敗が続けば待たせ、100 回で止める',
    en: 'Failures back off and end at 100',
  },
  E2: {
    ja: 'パスワードは長さと拒否表で決め、遅いハッシュで保つ',
    en: 'Passwords by length and blocklist, kept by a slow hash',
  },
  E3: {
    ja: '回復コードは一度だけ使え、ハッシュで保つ',
    en: 'Recovery codes are good once and kept hashed',
  },
  E4: {
    ja: '要素を失効させれば使用中のセッションも切れる',
    en: 'Revoking a factor ends live sessions',
  },
  E5: {
    ja: '登録は二人で行い、鍵は端末で作る',
    en: 'Enrolment by two people, keys made on the device',
  },
  E6: {
    ja: '証明書の期限を前もって知らせ、期限で終わる',
    en: 'Certificate expiry is announced, and ends the session',
  },
  E7: {
    ja: '利用者の有無が応答から分からない',
    en: 'Nobody can find out by the answers who is a user',
  },
  E8: {
    ja: '前回のサインインと要素の変更が利用者に見える',
    en: 'The user sees the last sign-in and changed factors',
  },
  E9: {
    ja: '管理操作は別の区域・強い認証・二人の承認',
    en: 'Administration from its own network side, with strong factors and two persons',
  },
  F1: {
    ja: '無操作 15 分・全体 12 時間で終わる',
    en: '15 minutes idle, 12 hours in all',
  },
  F2: {
    ja: 'セッションの秘密は毎回新しく、スクリプトから読めない',
    en: 'Session secrets are new each time and out of scripts’ reach',
  },
  F3: {
    ja: 'セッションは証明書に結び付く',
    en: 'A session is bound to the certificate',
  },
  F4: {
    ja: 'WebSocket はオリジンと一度限りの券を求める',
    en: 'WebSockets want an allowed origin and a one-time ticket',
  },
  F5: {
    ja: '一人一台一セッションで、引き継ぎは証明のあと',
    en: 'One session a user and a desktop; takeover only after proof',
  },
  F6: {
    ja: '管理者と本人が終了させられる',
    en: 'Administrators and users can end sessions',
  },
  F7: {
    ja: '切断のあと自動で再開する',
    en: 'Automatic resume after a loss',
  },
  F8: {
    ja: '大量接続でも使用中のセッションは働き続ける',
    en: 'Floods do not disturb established sessions',
  },
  G1: {
    ja: '認証・判断・開始と終了・変更をすべて記録する',
    en: 'Every authentication, decision, start, end and change is logged',
  },
  G2: {
    ja: '秘密・コード・キー入力・画素を記録しない',
    en: 'Secrets, codes, keystrokes and pixels are never logged',
  },
  G3: {
    ja: '記録の書き換え・削除・挿入・並べ替え・切り捨てが分かる',
    en: 'Edits, deletions, insertions, reorderings and truncation of the log are found',
  },
  G4: {
    ja: '記録は別のシステムへ送り、書けなければ新しい接続を断る',
    en: 'Logs are shipped elsewhere, and without a log nothing new starts',
  },
  G5: {
    ja: '保存期間を決められ、分割しても検証できる',
    en: 'Retention is configurable, and rotation keeps the chain verifiable',
  },
  G6: {
    ja: '名前に仕込んだ制御文字は無害',
    en: 'Control characters in names are harmless',
  },
  G7: {
    ja: '画面の録画は存在しない',
    en: 'No recording of screens exists',
  },
  G8: {
    ja: '監査用の一覧を CSV で出せる',
    en: 'Reports for auditors as CSV',
  },
  H1: {
    ja: '契約帯域ごとの実測値がある',
    en: 'Throughput is measured at each contracted tier',
  },
  H2: {
    ja: '中継が加える遅れは小さい',
    en: 'Relays add little latency',
  },
  H3: {
    ja: '遅い端末や欲張りな端末が他を妨げない',
    en: 'A slow or greedy client harms nobody else',
  },
  H4: {
    ja: '細い回線でも使える',
    en: 'Usable on a thin line',
  },
  H5: {
    ja: '一斉の再接続に耐える',
    en: 'A mass reconnect is survived',
  },
  H6: {
    ja: '状態の保存先が失われれば新しい接続を断る',
    en: 'Without its state a gateway lets nobody new in',
  },
  H7: {
    ja: '長時間でもメモリと記述子が増え続けない',
    en: 'Memory and descriptors stay flat',
  },
  I1: {
    ja: '画面のデータが端末に残らない',
    en: 'No screen data stays on the client',
  },
  I2: {
    ja: '鍵は取り出せず、終われば画面も消える',
    en: 'Keys cannot be exported, and the canvas is cleared',
  },
  I3: {
    ja: '印刷・保存・持ち出しの操作を塞ぐ',
    en: 'Printing, saving and dragging out are blocked',
  },
  I4: {
    ja: '厳しい CSP と Trusted Types',
    en: 'A strict CSP and Trusted Types',
  },
  I5: {
    ja: '端末の自己申告は権限にならない',
    en: 'Self-reported posture grants nothing',
  },
  I6: {
    ja: '手引書が運用の条件を述べる',
    en: 'The manual states the organisational conditions',
  },
  J1: {
    ja: 'SBOM・固定された依存・再現できる配布物',
    en: 'SBOM, pinned dependencies, a reproducible package',
  },
  J2: {
    ja: '脆弱性への対応手順',
    en: 'Vulnerability handling',
  },
  J3: {
    ja: '提供に要る文書のひな形',
    en: 'Templates of the papers that a provider needs',
  },
  J4: {
    ja: '脅威と試験の対応',
    en: 'A threat model with a test for each threat',
  },
  J5: {
    ja: '決めた相手のほかへ何も送らない',
    en: 'Nothing is sent to anybody but the configured peers',
  },
  J6: {
    ja: 'ネットワークなしで導入し運用できる',
    en: 'Offline installation and operation',
  },
} as const satisfies Record<string, { ja: string; en: string }>;

export type RequirementId = keyof typeof REQUIREMENTS;
