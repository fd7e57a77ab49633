// A report as a table: named columns, rows in the order of time. As CSV it has the Japanese headings, as JSON the keys.
import { CODES, type Code, codeOf, isReason } from '#protocol/codes.ts';
import { type Cell, toCsv } from './csv.ts';

export interface Table<K extends string = string> {
  /** Key → heading, in the order of the columns. */
  readonly columns: Readonly<Record<K, string>>;
  readonly rows: readonly Readonly<Record<K, Cell>>[];
}

export function csvOf<K extends string>({ columns, rows }: Table<K>): string {
  const keys = Object.keys(columns) as K[];
  return toCsv(
    keys.map((key) => columns[key]),
    rows.map((row) => keys.map((key) => row[key])),
  );
}

const JAPAN_MS = 9 * 3_600_000;

/** @param ms since 1970. @returns "2026-04-01 09:00:00" by Japan's clock, which knows no summer time */
export function japanTime(ms: number): string {
  return new Date(ms + JAPAN_MS).toISOString().slice(0, 19).replace('T', ' ');
}

export function japanDay(ms: number): string {
  return japanTime(ms).slice(0, 10);
}

/** @param day "2026-04-01". @returns when it begins in Japan, ms since 1970; NaN if there is no such day */
export function startOfDay(day: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) - JAPAN_MS : Number.NaN;
  return japanDay(Number.isNaN(ms) ? 0 : ms) === day ? ms : Number.NaN;
}

/** @returns the text of an event's field, or null */
export function textOf(fields: Readonly<Record<string, unknown>>, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
}

/** @returns what the user reads for a reason or a code, or null */
export function shownFor(why: string | null): string | null {
  if (why === null) return null;
  if (isReason(why)) return CODES[codeOf(why)].ja;
  return Object.hasOwn(CODES, why) ? CODES[why as Code].ja : null;
}

/** "gateway/gw-1" → ゲートウェイ gw-1 */
export function zoneName(source: string): string {
  const [zone = '', ...rest] = source.split('/');
  const name = ZONES[zone] ?? zone;
  return rest.length > 0 ? `${name} ${rest.join('/')}` : name;
}

const ZONES: Readonly<Record<string, string>> = {
  gateway: 'ゲートウェイ',
  broker: 'ブローカー',
  agent: 'エージェント',
};
