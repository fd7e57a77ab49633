// Events one by one: what failed, what was revoked, what changed in a policy.
import type { Line } from '../line.ts';
import type { Cell } from './csv.ts';
import { japanTime, shownFor, type Table, textOf, zoneName } from './table.ts';
import { FAILURES, POLICY_KEYS, REVOCATIONS } from './words.ts';

const failureColumns = {
  at: '日時（日本時間）',
  source: '記録元',
  event: '事象',
  reason: '理由',
  shown: '利用者への表示',
  municipality: '団体コード',
  user: '利用者',
  desktop: 'デスクトップ',
  address: '接続元',
  factor: 'サインイン方法',
  detail: '詳細',
  session: 'セッション番号',
  sequence: '記録番号',
} as const;

const revocationColumns = {
  at: '日時（日本時間）',
  source: '記録元',
  event: '事象',
  municipality: '団体コード',
  user: '利用者',
  subject: '対象',
  by: '実施者',
  reason: '理由',
  detail: '詳細',
  sequence: '記録番号',
} as const;

const policyColumns = {
  at: '日時（日本時間）',
  municipality: '団体コード',
  state: '状態',
  item: '項目',
  before: '変更前',
  after: '変更後',
  askedBy: '申請者',
  by: '承認者・実施者',
  change: '変更番号',
  sequence: '記録番号',
} as const;

type Dated<K extends string> = Record<K, Cell> & { at: number };

export class IncidentReport {
  readonly #failures: Dated<keyof typeof failureColumns>[] = [];
  readonly #revocations: Dated<keyof typeof revocationColumns>[] = [];
  readonly #policies: Dated<keyof typeof policyColumns>[] = [];
  readonly #isWanted: (at: number, municipality: string | null) => boolean;

  constructor(isWanted: (at: number, municipality: string | null) => boolean) {
    this.#isWanted = isWanted;
  }

  add(line: Line): void {
    const { event, fields, source, sequence } = line;
    const at = Date.parse(line.time);
    const text = (...names: string[]) => textOf(fields, ...names);
    if (!this.#isWanted(at, text('municipality'))) return;
    const common = { at, source: zoneName(source), municipality: text('municipality'), sequence };
    const reason = text('reason');
    const failure = (FAILURES as Readonly<Record<string, string>>)[event];
    if (failure !== undefined) {
      this.#failures.push({
        ...{ ...common, event: failure, reason, shown: shownFor(reason) },
        ...{ user: text('user', 'by'), desktop: text('desktop'), address: text('address'), factor: text('factor') },
        ...{ detail: text('detail', 'action', 'header', 'name', 'listener'), session: text('session') },
      });
    }
    const revocation = this.#revocationOf(event, reason);
    if (revocation !== null) {
      this.#revocations.push({
        ...{ ...common, event: revocation, user: text('user') },
        subject: text('desktop', 'name', 'factor', 'request', 'serial', 'session', 'kid'),
        ...{ by: text('by'), reason, detail: text('detail') },
      });
    }
    if (event.startsWith('policy-change')) this.#policies.push(...policyRows(line, at));
  }

  failures(): Table<keyof typeof failureColumns> {
    return { columns: failureColumns, rows: inOrder(this.#failures) };
  }

  revocations(): Table<keyof typeof revocationColumns> {
    return { columns: revocationColumns, rows: inOrder(this.#revocations) };
  }

  policies(): Table<keyof typeof policyColumns> {
    return { columns: policyColumns, rows: inOrder(this.#policies) };
  }

  #revocationOf(event: string, reason: string | null): string | null {
    if (event === 'certificate-refused' && reason === 'CERTIFICATE_REVOKED') return '失効した証明書による接続の拒否';
    return (REVOCATIONS as Readonly<Record<string, string>>)[event] ?? null;
  }
}

const STATES: Readonly<Record<string, string>> = {
  'policy-changed': '適用',
  'policy-change-held': '承認待ち',
  'policy-change-withdrawn': '取下げ',
};

/** One row for each key that differs; one alone where nothing can be compared. */
function policyRows({ event, fields, sequence }: Line, at: number): Dated<keyof typeof policyColumns>[] {
  const text = (name: string) => textOf(fields, name);
  const isHeld = event === 'policy-change-held';
  const common = {
    ...{ at, sequence, municipality: text('municipality'), state: STATES[event] ?? event, change: text('change') },
    askedBy: isHeld ? text('by') : text('askedBy'),
    by: isHeld ? null : text('by'),
  };
  const [before, after] = [objectIn(text('policyBefore')), objectIn(text('policy'))];
  if (!before || !after) {
    return [{ ...common, item: null, before: text('policyBefore'), after: text('policy') }];
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => ({
      ...{ ...common, item: POLICY_KEYS[key] ?? key },
      ...{ before: valueText(before[key]), after: valueText(after[key]) },
    }));
}

/** A text that the log had to cut is no JSON any more. */
function objectIn(text: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join('、');
  if (typeof value === 'boolean') return value ? '必要' : '不要';
  return value === undefined ? '' : String(value);
}

function inOrder<K extends string>(rows: readonly Dated<K>[]): Record<K, Cell>[] {
  return rows.toSorted((one, other) => one.at - other.at).map((row) => ({ ...row, at: japanTime(row.at) }));
}
