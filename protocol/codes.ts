// The one table of refusals. A code is what the other side learns: it gives a prober nothing. A reason is what the
// audit log learns. Every reason maps to exactly one code; the compiler checks that.

interface CodeRow {
  /** WebSocket close code is 4000 + wire; the refused message of the handshake carries wire itself. */
  readonly wire: number;
  readonly http: number;
  readonly ja: string;
  readonly en: string;
}

export const CODES = {
  ENDED: {
    wire: 0,
    http: 200,
    ja: '接続を終了しました。',
    en: 'The session has ended.',
  },
  CERTIFICATE_REQUIRED: {
    wire: 1,
    http: 403,
    ja: 'クライアント証明書が必要です。証明書を端末に入れてから、もう一度接続してください。',
    en: 'A client certificate is required. Install yours and connect again.',
  },
  CERTIFICATE_REFUSED: {
    wire: 2,
    http: 403,
    ja: 'この証明書は使えません。担当者に連絡してください。',
    en: 'This certificate was not accepted. Please contact your administrator.',
  },
  SIGN_IN_REFUSED: {
    wire: 3,
    http: 401,
    ja: 'サインインできませんでした。入力した内容や使ったパスキーを確かめて、もう一度お試しください。',
    en: 'Sign-in failed. Check what you entered, or which passkey you used, and try again.',
  },
  SIGN_IN_LATER: {
    wire: 4,
    http: 429,
    ja: '失敗が続いたため、しばらく受け付けません。解消しない場合は担当者に連絡してください。',
    en: 'Too many tries. Wait before trying again; if it goes on, contact your administrator.',
  },
  SESSION_REQUIRED: {
    wire: 5,
    http: 401,
    ja: 'サインインが必要です。',
    en: 'Please sign in first.',
  },
  BAD_REQUEST: {
    wire: 6,
    http: 400,
    ja: '要求の形式が正しくありません。',
    en: 'The request is not well formed.',
  },
  NOT_FOUND: {
    wire: 7,
    http: 404,
    ja: '見つかりません。',
    en: 'There is nothing here.',
  },
  TOO_MANY: {
    wire: 8,
    http: 429,
    ja: '混み合っています。しばらくしてからお試しください。',
    en: 'Too many requests. Please wait a moment.',
  },
  NOT_ENTITLED: {
    wire: 9,
    http: 403,
    ja: 'このデスクトップは利用できません。',
    en: 'You may not open this desktop.',
  },
  DESKTOP_OFFLINE: {
    wire: 10,
    http: 409,
    ja: 'デスクトップに接続できません。電源が入っているか担当者に確認してください。',
    en: 'The desktop cannot be reached at the moment. Ask whether the office PC is on.',
  },
  DESKTOP_BUSY: {
    wire: 11,
    http: 409,
    ja: 'このデスクトップは使用中です。',
    en: 'This desktop is in use.',
  },
  TICKET_REFUSED: {
    wire: 12,
    http: 403,
    ja: '接続の受付期限が切れました。もう一度開いてください。',
    en: 'The ticket is not valid any more. Open the desktop again.',
  },
  AGENT_REFUSED: {
    wire: 13,
    http: 403,
    ja: '庁内側で接続が拒否されました。担当者に連絡してください。',
    en: 'The office side refused the connection. Please contact your administrator.',
  },
  NOT_PAIRED: {
    wire: 14,
    http: 403,
    ja: 'この端末は登録されていません。庁内で端末登録コードを受け取ってください。',
    en: 'This device is not paired with the desktop. Get a pairing code at the office.',
  },
  PAIRING_REFUSED: {
    wire: 15,
    http: 403,
    ja: '端末を登録できませんでした。端末登録コードを確かめるか、新しいコードを受け取ってください。',
    en: 'Pairing failed. Check the code or ask for a new one.',
  },
  AGENT_KEY_WRONG: {
    wire: 16,
    http: 502,
    ja: '庁内側の鍵が登録時と違います。接続せず、すぐ担当者に連絡してください。',
    en: 'The office side shows another key than the one paired. Do not go on; contact your administrator at once.',
  },
  PROTOCOL_ERROR: {
    wire: 17,
    http: 400,
    ja: '通信の内容がプロトコルに合わないため、接続を終了しました。',
    en: 'The connection was ended because a message broke the protocol.',
  },
  DESKTOP_LOST: {
    wire: 18,
    http: 502,
    ja: '庁内のデスクトップとの接続が切れました。',
    en: 'The desktop itself has gone away.',
  },
  CONNECTION_LOST: {
    wire: 19,
    http: 502,
    ja: '接続が失われました。',
    en: 'The connection was lost.',
  },
  TOOK_TOO_LONG: {
    wire: 20,
    http: 504,
    ja: '時間内に応答がありませんでした。',
    en: 'It took too long.',
  },
  RIGHTS_ENDED: {
    wire: 21,
    http: 403,
    ja: '管理者が終了させたか、利用の許可がなくなったため、終了しました。',
    en: 'The session was ended by an administrator, or the permission for it has gone.',
  },
  IDLE: {
    wire: 22,
    http: 401,
    ja: '操作がなかったため、終了しました。',
    en: 'The session was ended because nothing was done for a while.',
  },
  TIME_LIMIT: {
    wire: 23,
    http: 401,
    ja: '利用時間の上限に達したため、終了しました。',
    en: 'The session reached its time limit.',
  },
  UNAVAILABLE: {
    wire: 24,
    http: 503,
    ja: '現在サービスを利用できません。しばらくしてからお試しください。',
    en: 'The service is not available at the moment. Please try again later.',
  },
  METHOD_WRONG: {
    wire: 25,
    http: 405,
    ja: 'この操作はできません。',
    en: 'This cannot be done here.',
  },
  SIGN_IN_AGAIN: {
    wire: 30,
    http: 403,
    ja: '安全のため、もう一度サインインしてから操作してください。',
    en: 'For safety, please sign in again before you do this.',
  },
  FACTORS_ONLY: {
    wire: 31,
    http: 403,
    ja: '回復コードまたは利用開始コードでサインインしたときは、サインイン方法の登録だけができます。登録してから、もう一度サインインしてください。',
    en: 'After signing in with a recovery or an activation code you can only set up how you sign in. Do that, then sign in again.',
  },
  FACTOR_REFUSED: {
    wire: 32,
    http: 400,
    ja: '登録できませんでした。もう一度お試しください。解消しない場合は担当者に確認してください。',
    en: 'It could not be registered. Try again; if it goes on, ask your administrator.',
  },
  LAST_FACTOR: {
    wire: 33,
    http: 409,
    ja: '最後のサインイン方法は削除できません。先に別のサインイン方法を登録してください。',
    en: 'You cannot remove the last way to sign in. Add another one first.',
  },
  PASSWORD_UNFIT: {
    wire: 34,
    http: 400,
    ja: 'このパスワードは使えません。8 文字以上 128 文字以下で、推測されにくいものにしてください。',
    en: 'This password cannot be used. Choose one of 8 to 128 characters that is hard to guess.',
  },
  PASSKEY_REQUIRED: {
    wire: 35,
    http: 403,
    ja: 'このデスクトップにはパスキーが登録されています。登録したパスキーで開いてください。使えない場合は担当者に連絡してください。',
    en: 'A passkey is paired with this desktop. Open it with that passkey; if you cannot, contact your administrator.',
  },
  PASSKEY_PROOF_REFUSED: {
    wire: 36,
    http: 403,
    ja: 'パスキーで確認できませんでした。もう一度お試しください。続く場合は担当者に連絡してください。',
    en: 'Your passkey could not be verified. Try again; if it goes on, contact your administrator.',
  },
  ENROLMENT_REFUSED: {
    wire: 37,
    http: 403,
    ja: '申請コードを受け付けられませんでした。コードを確かめるか、担当者から新しいコードを受け取ってください。',
    en: 'The enrolment code was not accepted. Check it, or ask your administrator for a new one.',
  },
  ENROLMENT_REQUEST_REFUSED: {
    wire: 38,
    http: 400,
    ja: '証明書の申請に使えない鍵または形式です。この端末で、もう一度最初からお試しください。',
    en: 'The certificate request cannot be used. Start again on this device.',
  },
  ENROLMENT_ANSWER_REFUSED: {
    wire: 39,
    http: 403,
    ja: 'この鍵で受け取れる証明書はありません。申請の期限が切れている場合は、もう一度申請してください。',
    en: 'There is no certificate for this key to collect. If the request has run out, enrol again.',
  },
  ENROLMENT_DECLINED: {
    wire: 40,
    http: 403,
    ja: '証明書の申請は担当者により却下されました。担当者に確認してください。',
    en: 'Your administrator declined the request. Please ask there.',
  },
  NOT_POSSIBLE: {
    wire: 41,
    http: 409,
    ja: 'その操作は、今の状態ではできません。表示を更新して確かめてください。',
    en: 'This is not possible as things are now. Look again and check.',
  },
  NOT_IN_CHARGE: {
    wire: 42,
    http: 403,
    ja: '担当していない団体のことは扱えません。',
    en: 'You are not in charge of that municipality.',
  },
  OTHER_ADMINISTRATOR_NEEDED: {
    wire: 43,
    http: 409,
    ja: '承認は、変更を申し出た人とは別の管理者が行ってください。',
    en: 'Another administrator than the one who asked for the change has to approve it.',
  },
  TAKEN_OVER: {
    wire: 45,
    http: 409,
    ja: '別の画面または端末でデスクトップが開かれたため、こちらの接続を終了しました。心当たりがない場合は、すぐ担当者に連絡してください。',
    en: 'The desktop was opened in another window or on another device, so this session has ended. If that was not you, contact your administrator at once.',
  },
  PICTURE_LOST: {
    wire: 49,
    http: 500,
    ja: '画面を表示できなくなったため、終了しました。もう一度接続してください。',
    en: 'The session was ended because the screen could not be drawn any more. Connect again.',
  },
  RIGHTS_UNCONFIRMED: {
    wire: 50,
    http: 503,
    ja: '利用の許可を確認できなくなったため、終了しました。しばらくしてから、もう一度接続してください。',
    en: 'The session was ended because the permission for it could not be confirmed any more. Connect again in a while.',
  },
  CERTIFICATE_ENDED: {
    wire: 51,
    http: 403,
    ja: '証明書の有効期限が切れたか、失効したため、終了しました。担当者に連絡してください。',
    en: 'The session was ended because your certificate has run out or was revoked. Please contact your administrator.',
  },
  PAIRING_ENDED: {
    wire: 52,
    http: 403,
    ja: 'この端末またはパスキーの登録が庁内で取り消されました。使い続けるには、庁内で新しい端末登録コードを受け取ってください。',
    en: 'The pairing of this device or passkey was revoked at the office. To go on, get a new pairing code there.',
  },
  DESKTOP_WITHDRAWN: {
    wire: 53,
    http: 403,
    ja: 'このデスクトップの提供は終了しました。担当者に確認してください。',
    en: 'This desktop is not offered any more. Please ask your administrator.',
  },
  GATEWAY_DISTRUSTED: {
    wire: 54,
    http: 403,
    ja: '庁内側がこのゲートウェイからの接続を停止しました。担当者に連絡してください。',
    en: 'The office side has stopped taking connections from this gateway. Please contact your administrator.',
  },
} as const satisfies Record<string, CodeRow>;

export type Code = keyof typeof CODES;

/** Reason → code. What stands left goes to the audit log, what stands right to the other side. */
const REASONS = {
  ENDED_BY_USER: 'ENDED',
  /** The client found a fault in what came in and said so under the seal; its code is the detail. */
  ENDED_BY_CLIENT: 'PROTOCOL_ERROR',
  ENDED_BY_ADMINISTRATOR: 'RIGHTS_ENDED',
  SIGNED_OUT: 'ENDED',
  /** The same user has opened a desktop elsewhere, and the agent has verified that proof. */
  TAKEN_OVER: 'TAKEN_OVER',
  // The certificate gate
  CERTIFICATE_MISSING: 'CERTIFICATE_REQUIRED',
  CERTIFICATE_EXPIRED: 'CERTIFICATE_REFUSED',
  CERTIFICATE_NOT_YET_VALID: 'CERTIFICATE_REFUSED',
  CERTIFICATE_REVOKED: 'CERTIFICATE_REFUSED',
  CERTIFICATE_UNTRUSTED: 'CERTIFICATE_REFUSED',
  CERTIFICATE_WRONG_USAGE: 'CERTIFICATE_REFUSED',
  CERTIFICATE_WRONG_KIND: 'CERTIFICATE_REFUSED',
  CERTIFICATE_WEAK: 'CERTIFICATE_REFUSED',
  REVOCATION_UNKNOWN: 'CERTIFICATE_REFUSED',
  // Sign-in
  USER_UNKNOWN: 'SIGN_IN_REFUSED',
  USER_DISABLED: 'SIGN_IN_REFUSED',
  TOTP_NOT_ENROLLED: 'SIGN_IN_REFUSED',
  TOTP_WRONG: 'SIGN_IN_REFUSED',
  TOTP_REPLAYED: 'SIGN_IN_REFUSED',
  /** The municipality's policy has no place for it. */
  FACTOR_NOT_ALLOWED: 'SIGN_IN_REFUSED',
  FACTOR_BACK_OFF: 'SIGN_IN_LATER',
  FACTOR_LOCKED: 'SIGN_IN_LATER',
  PASSKEY_MALFORMED: 'SIGN_IN_REFUSED',
  PASSKEY_UNKNOWN: 'SIGN_IN_REFUSED',
  PASSKEY_OTHER_USER: 'SIGN_IN_REFUSED',
  PASSKEY_TYPE: 'SIGN_IN_REFUSED',
  PASSKEY_CHALLENGE: 'SIGN_IN_REFUSED',
  PASSKEY_ORIGIN: 'SIGN_IN_REFUSED',
  PASSKEY_CROSS_ORIGIN: 'SIGN_IN_REFUSED',
  PASSKEY_RP_ID: 'SIGN_IN_REFUSED',
  PASSKEY_NOT_PRESENT: 'SIGN_IN_REFUSED',
  PASSKEY_NOT_VERIFIED: 'SIGN_IN_REFUSED',
  PASSKEY_BACKUP: 'SIGN_IN_REFUSED',
  PASSKEY_SIGNATURE: 'SIGN_IN_REFUSED',
  /** A counter that does not grow: there may be a copy of the key. */
  PASSKEY_COUNTER: 'SIGN_IN_REFUSED',
  PASSKEY_SUSPENDED: 'SIGN_IN_REFUSED',
  PASSKEY_NOT_HARDWARE: 'SIGN_IN_REFUSED',
  PASSWORD_MISSING: 'SIGN_IN_REFUSED',
  PASSWORD_WRONG: 'SIGN_IN_REFUSED',
  RECOVERY_WRONG: 'SIGN_IN_REFUSED',
  /** What the sign-in rests on was removed, reset or suspended since, or the policy has become stricter. */
  FACTOR_GONE: 'SESSION_REQUIRED',
  // Changing the own factors
  SIGN_IN_NOT_FRESH: 'SIGN_IN_AGAIN',
  SIGN_IN_BY_RECOVERY: 'FACTORS_ONLY',
  FACTOR_NOT_ADDED: 'FACTOR_REFUSED',
  FACTOR_UNKNOWN: 'NOT_FOUND',
  FACTOR_LAST: 'LAST_FACTOR',
  FACTORS_CHANGING: 'TOO_MANY',
  PASSWORD_UNFIT: 'PASSWORD_UNFIT',
  SESSION_MISSING: 'SESSION_REQUIRED',
  SESSION_OTHER_USER: 'SESSION_REQUIRED',
  SESSION_OTHER_CERTIFICATE: 'SESSION_REQUIRED',
  SESSION_IDLE: 'SESSION_REQUIRED',
  SESSION_TOO_OLD: 'SESSION_REQUIRED',
  // Administration
  ADMINISTRATOR_UNKNOWN: 'SIGN_IN_REFUSED',
  ADMINISTRATOR_DISABLED: 'SIGN_IN_REFUSED',
  ADMINISTRATOR_ELSEWHERE: 'SIGN_IN_REFUSED',
  MUNICIPALITY_OF_OTHERS: 'NOT_IN_CHARGE',
  CHANGE_UNKNOWN: 'NOT_POSSIBLE',
  CHANGE_EXPIRED: 'NOT_POSSIBLE',
  CHANGE_OVERTAKEN: 'NOT_POSSIBLE',
  CHANGE_OF_ONESELF: 'OTHER_ADMINISTRATOR_NEEDED',
  // Doors
  ROUTE_UNKNOWN: 'NOT_FOUND',
  METHOD_WRONG: 'METHOD_WRONG',
  BODY_MALFORMED: 'BAD_REQUEST',
  BODY_TOO_LARGE: 'BAD_REQUEST',
  ORIGIN_WRONG: 'BAD_REQUEST',
  RATE_EXCEEDED: 'TOO_MANY',
  CONNECTIONS_EXCEEDED: 'TOO_MANY',
  AUDIT_UNWRITABLE: 'UNAVAILABLE',
  STATE_UNWRITABLE: 'UNAVAILABLE',
  /** Nobody knows who is revoked, since the lists cannot be read. */
  REVOCATION_UNREADABLE: 'UNAVAILABLE',
  /** A configuration file that is followed while the process runs cannot be used. */
  SETTINGS_UNUSABLE: 'UNAVAILABLE',
  BROKER_UNREACHABLE: 'UNAVAILABLE',
  SHUTTING_DOWN: 'UNAVAILABLE',
  INTERNAL: 'UNAVAILABLE',
  // Enrolment
  ENROLMENT_CODE_WRONG: 'ENROLMENT_REFUSED',
  ENROLMENT_CODE_EXPIRED: 'ENROLMENT_REFUSED',
  /** Used before, or another was issued after it. */
  ENROLMENT_CODE_SPENT: 'ENROLMENT_REFUSED',
  ENROLMENT_USER_GONE: 'ENROLMENT_REFUSED',
  REQUEST_MALFORMED: 'ENROLMENT_REQUEST_REFUSED',
  REQUEST_WEAK: 'ENROLMENT_REQUEST_REFUSED',
  REQUEST_SIGNATURE: 'ENROLMENT_REQUEST_REFUSED',
  /** A request for this very key is there already. */
  REQUEST_DUPLICATE: 'ENROLMENT_REQUEST_REFUSED',
  /** None of that key, or it has run out. */
  REQUEST_UNKNOWN: 'ENROLMENT_ANSWER_REFUSED',
  REQUEST_NONCE: 'ENROLMENT_ANSWER_REFUSED',
  REQUEST_PROOF: 'ENROLMENT_ANSWER_REFUSED',
  REQUEST_DECLINED: 'ENROLMENT_DECLINED',
  // Opening
  ENTITLEMENT_MISSING: 'NOT_ENTITLED',
  DESKTOP_UNKNOWN: 'NOT_ENTITLED',
  AGENT_OFFLINE: 'DESKTOP_OFFLINE',
  DESKTOP_UNREACHABLE: 'DESKTOP_OFFLINE',
  DESKTOP_IN_USE: 'DESKTOP_BUSY',
  TICKET_UNKNOWN: 'TICKET_REFUSED',
  TICKET_EXPIRED: 'TICKET_REFUSED',
  TICKET_OTHER_SESSION: 'TICKET_REFUSED',
  PAIRING_OF_LINKS_TIMED_OUT: 'TOOK_TOO_LONG',
  AGENT_WRONG: 'PROTOCOL_ERROR',
  DESKTOP_OUTSIDE_CERTIFICATE: 'PROTOCOL_ERROR',
  SESSION_DUPLICATE: 'PROTOCOL_ERROR',
  SESSION_UNKNOWN: 'PROTOCOL_ERROR',
  SESSION_OF_ANOTHER: 'PROTOCOL_ERROR',
  GATEWAY_WRONG: 'PROTOCOL_ERROR',
  LINK_REPLACED: 'UNAVAILABLE',
  // The agent's second trust boundary
  GRANT_MALFORMED: 'AGENT_REFUSED',
  GRANT_SIGNATURE: 'AGENT_REFUSED',
  GRANT_EXPIRED: 'AGENT_REFUSED',
  GRANT_REPLAYED: 'AGENT_REFUSED',
  GRANT_OTHER_DESKTOP: 'AGENT_REFUSED',
  GRANT_MISMATCH: 'AGENT_REFUSED',
  GRANT_RATE: 'AGENT_REFUSED',
  HALF_OPEN_EXCEEDED: 'AGENT_REFUSED',
  USER_NOT_PAIRED: 'NOT_PAIRED',
  PROOF_WRONG: 'NOT_PAIRED',
  PROOF_CREDENTIAL_UNKNOWN: 'NOT_PAIRED',
  PROOF_NEEDS_PASSKEY: 'PASSKEY_REQUIRED',
  PROOF_PASSKEY_UNSUPPORTED: 'PASSKEY_PROOF_REFUSED',
  PROOF_PASSKEY_WRONG: 'PASSKEY_PROOF_REFUSED',
  PROOF_COUNTER: 'PASSKEY_PROOF_REFUSED',
  FINISHED_WRONG: 'PROTOCOL_ERROR',
  SUITE_UNKNOWN: 'PROTOCOL_ERROR',
  MODE_UNKNOWN: 'PROTOCOL_ERROR',
  KEY_SHARE_INVALID: 'PROTOCOL_ERROR',
  PAIRING_CODE_MISSING: 'PAIRING_REFUSED',
  PAIRING_CODE_SPENT: 'PAIRING_REFUSED',
  PAIRING_CODE_WRONG: 'PAIRING_REFUSED',
  PAIRING_WHILE_LIVE: 'PAIRING_REFUSED',
  // What the client finds
  /** The person or the authenticator declined. */
  PROOF_NOT_GIVEN: 'PASSKEY_PROOF_REFUSED',
  AGENT_KEY_UNPINNED: 'NOT_PAIRED',
  AGENT_KEY_OTHER: 'AGENT_KEY_WRONG',
  AGENT_SIGNATURE: 'AGENT_KEY_WRONG',
  PICTURE_STUCK: 'PICTURE_LOST',
  // Records and lanes
  MALFORMED: 'PROTOCOL_ERROR',
  RECORD_FORGED: 'PROTOCOL_ERROR',
  RECORD_OUT_OF_ORDER: 'PROTOCOL_ERROR',
  RECORD_SIZE: 'PROTOCOL_ERROR',
  LANE_UNKNOWN: 'PROTOCOL_ERROR',
  LANE_DIRECTION: 'PROTOCOL_ERROR',
  LANE_SHUT: 'PROTOCOL_ERROR',
  LANE_RATE: 'PROTOCOL_ERROR',
  MESSAGE_UNKNOWN: 'PROTOCOL_ERROR',
  MESSAGE_UNEXPECTED: 'PROTOCOL_ERROR',
  KEY_EXHAUSTED: 'PROTOCOL_ERROR',
  // Ends
  VNC_GONE: 'DESKTOP_LOST',
  LOCK_FAILED: 'DESKTOP_LOST',
  PEER_GONE: 'CONNECTION_LOST',
  PEER_STUCK: 'CONNECTION_LOST',
  HANDSHAKE_TIMED_OUT: 'TOOK_TOO_LONG',
  RIGHTS_REVOKED: 'RIGHTS_ENDED',
  /** No gateway has answered a nonce of the agent's in time (T26). */
  LEASE_EXPIRED: 'RIGHTS_UNCONFIRMED',
  /** State or revocation lists could not be read for too long. */
  RIGHTS_UNCONFIRMED: 'RIGHTS_UNCONFIRMED',
  CERTIFICATE_ENDED: 'CERTIFICATE_ENDED',
  PAIRING_REVOKED: 'PAIRING_ENDED',
  DESKTOP_WITHDRAWN: 'DESKTOP_WITHDRAWN',
  GRANT_KEY_WITHDRAWN: 'GATEWAY_DISTRUSTED',
  IDLE_LIMIT: 'IDLE',
  OVERALL_LIMIT: 'TIME_LIMIT',
} as const satisfies Record<string, Code>;

export type Reason = keyof typeof REASONS;

/** Something was refused. `reason` and `detail` are for the audit log only; `code` is all that the other side gets. */
export class Refusal extends Error {
  readonly reason: Reason;
  readonly detail: string;

  /** @param detail never holds a secret, a code, a key or what a user typed */
  constructor(reason: Reason, detail = '') {
    super(detail ? `${reason}: ${detail}` : reason);
    this.reason = reason;
    this.detail = detail;
  }

  get code(): Code {
    return REASONS[this.reason];
  }
}

export function isReason(value: string): value is Reason {
  return Object.hasOwn(REASONS, value);
}

export function codeOf(reason: Reason): Code {
  return REASONS[reason];
}

/** What any caught value tells the other side: its code if it is a refusal, else UNAVAILABLE. */
export function refusalFrom(error: unknown): Refusal {
  return error instanceof Refusal
    ? error
    : new Refusal('INTERNAL', error instanceof Error ? error.message : String(error));
}

const BY_WIRE = new Map<number, Code>(Object.entries(CODES).map(([code, row]) => [row.wire, code as Code]));

/** @returns the code, or null for a number outside the table */
export function codeFromWire(wire: number): Code | null {
  return BY_WIRE.get(wire) ?? null;
}

/** WebSocket close codes for applications begin at 4000 (RFC 6455 §7.4.2). */
export function closeCode(code: Code): number {
  return 4000 + CODES[code].wire;
}

/** What a WebSocket library says by itself about a frame it cannot accept (RFC 6455 §7.4.1). */
const CLOSED_FOR_ITS_FRAMES: ReadonlySet<number> = new Set([1002, 1003, 1007, 1009]);

/** The code behind a WebSocket close; CONNECTION_LOST for anything that is not ours. Not authenticated. */
export function codeFromClose(close: number): Code {
  if (CLOSED_FOR_ITS_FRAMES.has(close)) return 'PROTOCOL_ERROR';
  return codeFromWire(close - 4000) ?? 'CONNECTION_LOST';
}
