// What an auditor reads for the events that stand in a report.
import type { EventName } from '../events.ts';

/** Something was tried and did not succeed, or went wrong. */
export const FAILURES = {
  'connection-refused': '入口での接続の打切り（過多・過速・遅延）',
  'certificate-refused': '証明書の拒否',
  'identity-header-ignored': '本人を名乗るヘッダーの無視',
  'bypass-attempt': '正規の手順を外れた要求',
  'sign-in-refused': 'サインインの失敗',
  'factor-locked': 'サインイン方法のロック',
  'factor-refused': 'サインイン方法の登録・削除の拒否',
  'passkey-suspended': 'パスキーの停止（複製の疑い）',
  'enrolment-refused': '証明書申請の拒否',
  'administration-refused': '管理操作の拒否',
  'open-refused': '接続の拒否',
  'ticket-refused': '接続受付の拒否',
  'agent-refused': 'エージェントの要求の拒否',
  'gateway-refused': 'ゲートウェイの要求の拒否',
  'lane-violation': '通信手順の違反',
  'offer-refused': '庁内側での接続の拒否',
  'handshake-refused': '暗号通信の開始の拒否',
  'pairing-refused': '端末登録の拒否',
  'input-refused': '入力の拒否',
  'desktop-lost': 'デスクトップの切断',
  'desktop-lock-failed': 'デスクトップのロックの失敗',
  'settings-unusable': '使えない設定への変更',
  'collector-refused': 'ログ収集サーバーの証明書の拒否',
  'shipping-overdue': 'ログ転送の遅れによる接続停止',
  'events-lost': '監査記録の欠落',
  'torn-write-removed': '書きかけの監査記録の除去',
  'event-malformed': '監査記録の形式の誤り',
} as const satisfies Partial<Record<EventName, string>>;

/** A right was taken away, or something was declared void. */
export const REVOCATIONS = {
  'user-disabled': '利用者の停止',
  'entitlement-withdrawn': '利用許可の取消し',
  'factor-removed': 'サインイン方法の削除',
  'passkey-suspended': 'パスキーの停止（複製の疑い）',
  'pairing-revoked': '端末登録の取消し',
  'pairing-code-revoked': '端末登録コードの取消し',
  'enrolment-declined': '証明書申請の却下',
  'sign-in-ended': 'サインインの強制終了',
  'session-end-asked': '接続の強制終了の指示',
  'desktop-withdrawn': 'デスクトップの提供停止',
  'grant-pin-withdrawn': 'ゲートウェイの許可鍵の取消し',
  'session-revoked': '権利の失効による接続の終了',
  'administrator-disabled': '管理者の停止',
  'administrator-reset': '管理者のサインイン方法の初期化',
} as const satisfies Partial<Record<EventName, string>>;

/** Keys of a municipality's policy. */
export const POLICY_KEYS: Readonly<Record<string, string>> = {
  secondFactors: '第二要素',
  password: 'パスワードの追加',
  hardwareBound: '複製できないパスキーの限定',
  idleSeconds: '無操作の上限（秒）',
  overallSeconds: '利用時間の上限（秒）',
};
