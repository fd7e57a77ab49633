// Who used which desktop from when to when, as far as any of the logs knows; and the same by user and day.
import type { Line } from '../line.ts';
import { japanDay, japanTime, shownFor, type Table, textOf, zoneName } from './table.ts';

const PROOFS: Readonly<Record<string, string>> = { 'device-key': '端末の鍵', passkey: 'パスキー' };
const MODES: Readonly<Record<string, string>> = { open: '利用', pair: '端末登録', resume: '再開' };

/** The event by which a log says that a session works, and how much it knows of one: the gateway most. */
const STARTS: Readonly<Record<string, number>> = { 'relay-started': 3, 'session-started': 2, 'session-paired': 1 };
const ENDS: ReadonlySet<string> = new Set(['relay-ended', 'session-ended']);
const ABOUT: ReadonlySet<string> = new Set([...Object.keys(STARTS), ...ENDS, 'desktop-opened', 'user-verified']);

interface Session {
  facts: Record<string, string>;
  sources: Set<string>;
  began: { at: number; rank: number } | null;
  ended: { at: number; why: string; rank: number } | null;
}

const sessionColumns = {
  day: '日付',
  municipality: '団体コード',
  user: '利用者',
  desktop: 'デスクトップ',
  mode: '区分',
  began: '開始（日本時間）',
  ended: '終了（日本時間）',
  minutes: '利用時間（分）',
  why: '終了の理由',
  shown: '利用者への表示',
  proof: '本人確認',
  address: '接続元',
  sources: '記録元',
  session: 'セッション番号',
} as const;

const dayColumns = {
  day: '日付',
  municipality: '団体コード',
  user: '利用者',
  sessions: '接続回数',
  minutes: '利用時間の合計（分）',
  signIns: 'サインイン成功',
  signInsRefused: 'サインイン失敗',
  opensRefused: '接続の拒否',
} as const;

type Day = { sessions: number; minutes: number; signIns: number; signInsRefused: number; opensRefused: number };

export class SessionReport {
  readonly #sessions = new Map<string, Session>();
  /** [day, municipality, user] as JSON → counts */
  readonly #days = new Map<string, Day>();
  readonly #isWanted: (at: number, municipality: string | null) => boolean;

  constructor(isWanted: (at: number, municipality: string | null) => boolean) {
    this.#isWanted = isWanted;
  }

  add(line: Line): void {
    const { event, fields } = line;
    const at = Date.parse(line.time);
    const session = textOf(fields, 'session');
    if (session && ABOUT.has(event)) this.#about(session, line, at);
    const municipality = textOf(fields, 'municipality');
    const user = textOf(fields, 'user');
    if (!municipality || !user || !this.#isWanted(at, municipality)) return;
    if (event === 'sign-in-succeeded') this.#day(at, municipality, user).signIns++;
    if (event === 'sign-in-refused') this.#day(at, municipality, user).signInsRefused++;
    if (event === 'open-refused' || event === 'offer-refused') this.#day(at, municipality, user).opensRefused++;
  }

  /** Sessions that began in the time asked for. */
  sessions(): Table<keyof typeof sessionColumns> {
    const rows = this.#wanted().map(([session, { facts, sources, began, ended }]) => ({
      day: japanDay(began.at),
      municipality: facts.municipality ?? null,
      user: facts.user ?? null,
      desktop: facts.desktop ?? null,
      mode: MODES[facts.mode ?? ''] ?? facts.mode ?? null,
      began: japanTime(began.at),
      ended: ended ? japanTime(ended.at) : null,
      minutes: ended ? minutes(began.at, ended.at) : null,
      why: ended ? ended.why : '終了の記録なし',
      shown: ended ? shownFor(ended.why) : null,
      proof: PROOFS[facts.proof ?? ''] ?? facts.proof ?? null,
      address: facts.address ?? null,
      sources: [...sources].sort().map(zoneName).join('、'),
      session,
    }));
    return { columns: sessionColumns, rows };
  }

  /** A session counts for the day on which it began. */
  days(): Table<keyof typeof dayColumns> {
    const days = new Map([...this.#days].map(([key, day]) => [key, { ...day }]));
    for (const [, { facts, began, ended }] of this.#wanted()) {
      const key = keyOf(began.at, facts.municipality ?? '', facts.user ?? '');
      const day = days.get(key) ?? none();
      days.set(key, day);
      day.sessions++;
      day.minutes = round(day.minutes + (ended ? minutes(began.at, ended.at) : 0));
    }
    const rows = [...days]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, counts]) => {
        const [day, municipality, user] = JSON.parse(key) as [string, string, string];
        return { day, municipality, user, ...counts };
      });
    return { columns: dayColumns, rows };
  }

  #about(id: string, { event, source, fields }: Line, at: number): void {
    const session = this.#sessions.get(id) ?? { facts: {}, sources: new Set(), began: null, ended: null };
    this.#sessions.set(id, session);
    session.sources.add(source);
    for (const name of ['municipality', 'user', 'desktop', 'mode', 'proof', 'address']) {
      const value = textOf(fields, name);
      if (value) session.facts[name] ??= value;
    }
    const rank = STARTS[event] ?? 0;
    if (rank > (session.began?.rank ?? 0)) session.began = { at, rank };
    if (!ENDS.has(event)) return;
    // The gateway's end has a name of its own; of the others the agent's says why.
    const endRank = event === 'relay-ended' ? 3 : fields.reason === undefined ? 1 : 2;
    const why = textOf(fields, 'reason', 'code') ?? '';
    if (endRank > (session.ended?.rank ?? 0)) session.ended = { at, why, rank: endRank };
  }

  #wanted(): [string, Session & { began: { at: number } }][] {
    return [...this.#sessions]
      .flatMap(([id, session]): [string, Session & { began: { at: number; rank: number } }][] => {
        const { began, facts } = session;
        return began && this.#isWanted(began.at, facts.municipality ?? null) ? [[id, { ...session, began }]] : [];
      })
      .sort(([, one], [, other]) => one.began.at - other.began.at);
  }

  #day(at: number, municipality: string, user: string): Day {
    const key = keyOf(at, municipality, user);
    const day = this.#days.get(key) ?? none();
    this.#days.set(key, day);
    return day;
  }
}

const keyOf = (at: number, municipality: string, user: string) => JSON.stringify([japanDay(at), municipality, user]);
const none = (): Day => ({ sessions: 0, minutes: 0, signIns: 0, signInsRefused: 0, opensRefused: 0 });
const round = (value: number) => Math.round(value * 10) / 10;
const minutes = (from: number, to: number) => round(Math.max(0, to - from) / 60_000);
