// Metered usage as a provider reads it: one object, a CSV file, or a table for people.
import { type LineFees, lineFees, lineSharePercent, type UsageRates, usageYen } from './bill.ts';
import type { Terms } from './meter-handlers.ts';
import { addUsage, noUsage, type Usage } from './usage.ts';

export interface MeterRow {
  month: string;
  municipality: string;
  sessions: number;
  /** To the millisecond. */
  sessionSeconds: number;
  sessionMinutes: number;
  inward: Usage['inward'];
  outward: Usage['outward'];
  /** Of the contracted tier's whole month, in the busier direction. */
  linePercent: number;
  /** null: not charged by usage. */
  usageYen: number | null;
}

export interface MeterReport {
  line: LineFees;
  usageRates: UsageRates | null;
  rows: MeterRow[];
}

export function meterReport(
  { tier, rates }: Terms,
  months: ReadonlyMap<string, ReadonlyMap<string, Usage>>,
): MeterReport {
  const rows = [...months].flatMap(([month, used]) =>
    [...used].map(([municipality, usage]) => ({
      month,
      municipality,
      sessions: usage.sessions,
      sessionSeconds: usage.sessionMs / 1_000,
      sessionMinutes: rounded(usage.sessionMs / 60_000, 2),
      inward: usage.inward,
      outward: usage.outward,
      linePercent: rounded(lineSharePercent(usage, tier, month), 4),
      usageYen: rates && usageYen(usage, rates),
    })),
  );
  return { line: lineFees(tier), usageRates: rates, rows };
}

const COLUMNS = {
  month: (row) => row.month,
  municipality: (row) => row.municipality,
  sessions: (row) => row.sessions,
  session_minutes: (row) => row.sessionMinutes,
  inward_payload_bytes: (row) => row.inward.payloadBytes,
  inward_wire_bytes: (row) => row.inward.wireBytes,
  outward_payload_bytes: (row) => row.outward.payloadBytes,
  outward_wire_bytes: (row) => row.outward.wireBytes,
  line_percent: (row) => row.linePercent,
  usage_yen: (row) => row.usageYen ?? '',
} as const satisfies Record<string, (row: MeterRow) => string | number>;

/** RFC 4180: a header, CRLF after each line. No field needs quotes: digits, a dot, a month, a code. */
export function meterCsv({ rows }: MeterReport): string {
  const lines = rows.map((row) => Object.values(COLUMNS).map((column) => column(row)));
  return [Object.keys(COLUMNS), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

/** Japanese and English, one block a month with its total, then what the line costs. */
export function meterText(report: MeterReport): string {
  const months = Map.groupBy(report.rows, (row) => row.month);
  const blocks = [...months].map(([month, rows]) => `${month} (日本時間 / JST)\n${tableOf(rows)}`);
  return [blocks.join('\n\n') || '利用はありません。/ Nothing has been used.', feesOf(report)].join('\n\n');
}

const HEADER = [
  'municipality',
  'sessions',
  'minutes',
  'in payload',
  'in wire',
  'out payload',
  'out wire',
  'line %',
  'yen',
];

function tableOf(rows: readonly MeterRow[]): string {
  const total = rows.map(usageOf).reduce(addUsage, noUsage());
  const lines = [
    HEADER,
    ...rows.map((row) => [
      row.municipality,
      ...numbersOf(usageOf(row)),
      row.linePercent.toFixed(4),
      yenOf(row.usageYen),
    ]),
    ['total', ...numbersOf(total), sum(rows, (row) => row.linePercent).toFixed(4), yenOf(totalYen(rows))],
  ];
  const widths = HEADER.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .map((line) => `  ${line}`)
    .join('\n');
}

function usageOf({ sessions, sessionSeconds, inward, outward }: MeterRow): Usage {
  return { sessions, sessionMs: sessionSeconds * 1_000, inward, outward };
}

function numbersOf({ sessions, sessionMs, inward, outward }: Usage): string[] {
  const bytes = [inward.payloadBytes, inward.wireBytes, outward.payloadBytes, outward.wireBytes];
  return [grouped(sessions), grouped(sessionMs / 60_000, 2), ...bytes.map((count) => grouped(count))];
}

function feesOf({ line, usageRates }: MeterReport): string {
  const { tier, yearlyYen, monthlyYen, reducible } = line;
  const fee = (of: keyof LineFees['yearlyYen']) => `${grouped(yearlyYen[of])} 円/年 (${grouped(monthlyYen[of])} 円/月)`;
  return [
    `回線 / line: ${tier}`,
    `  一都道府県内の提供 / within one prefecture   ${fee('onePrefecture')}`,
    `  複数の都道府県 / for several prefectures     ${fee('manyPrefectures')}`,
    reducible
      ? '  従量課金なら減額の対象になりえます。/ The reduced fee is possible if the service charges by usage.'
      : '  減額の対象外です(100Mbps まで)。/ No reduced fee: that ends at 100 Mbps.',
    ratesOf(usageRates),
    '税抜き / without tax',
  ].join('\n');
}

function ratesOf(rates: UsageRates | null): string {
  if (!rates) return '従量料金は設定されていません。/ No usage rates are configured.';
  const yen = (rate: number) => `${rate.toLocaleString('en-US', { maximumFractionDigits: 4 })} 円`;
  const { basicYen, perGigabyteYen, perSessionMinuteYen } = rates;
  const parts = [
    `基本 / basic ${yen(basicYen)}`,
    `1 GB ${yen(perGigabyteYen)}`,
    `1 分 / minute ${yen(perSessionMinuteYen)}`,
  ];
  return `従量料金 / usage rates: ${parts.join(', ')}`;
}

const sum = (rows: readonly MeterRow[], of: (row: MeterRow) => number) =>
  rows.reduce((total, row) => total + of(row), 0);
const totalYen = (rows: readonly MeterRow[]) =>
  rows.some((row) => row.usageYen === null) ? null : sum(rows, (row) => row.usageYen ?? 0);
const yenOf = (yen: number | null) => (yen === null ? '-' : grouped(yen));
const grouped = (value: number, digits = 0) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
