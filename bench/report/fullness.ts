// How full does the line get?

import { both, type Markup } from '#lab/report/markup.ts';
import type { FillResult, Report } from '../result.ts';
import { barChart, lineChart } from './chart.ts';
import { BLUE, GREEN, tierColour } from './colours.ts';
import { percent } from './numbers.ts';
import { notRun, paragraph, resultsOf, type Section } from './section.ts';
import { table } from './table.ts';

export function fullness(report: Report): Section {
  const fills = resultsOf(report, 'fill');
  const body =
    fills.length === 0 ? [notRun(report, 'fill')] : [counted(), bars(fills), overTime(fills), figures(fills)];
  return { id: 'fullness', title: both('回線はどこまで埋まるか', 'How full does the line get?'), body };
}

const labelOf = ({ tier, sessions }: FillResult) => (sessions === 1 ? tier : `${tier} × ${sessions}`);

const counted = (): Markup =>
  paragraph(
    both(
      '契約に対する割合。回線はゲートウェイ方向のワイヤ上のバイト数（レコード、WebSocket、TLS、TCP/IP）、画面は端末に届いた RFB のバイト数。',
      'Shares of the contract. Line: wire bytes towards the gateway (record, WebSocket, TLS, TCP/IP) by the broker’s count. Screen: RFB bytes that arrived at the clients.',
    ),
  );

const bars = (fills: readonly FillResult[]): Markup =>
  barChart({
    title: both('契約に対する使用率', 'Share of the contract that is used'),
    description: both('数値は下の表にあります', 'the figures stand in the table below'),
    // On two lines, or fourteen of them run into each other.
    categories: fills.map((fill) => labelOf(fill).replace(' × ', '\n× ')),
    bars: [
      { name: '回線 / line', colour: BLUE, values: fills.map(({ utilisation }) => utilisation * 100) },
      { name: '画面 / screen', colour: GREEN, values: fills.map(({ goodputShare }) => goodputShare * 100) },
    ],
    y: { name: '%', min: lowestOf(fills), max: 110 },
    lines: [
      { value: 98, label: '目標 98 %' },
      { value: 95, label: '目標 95 %' },
      { value: 100, label: '契約 100 %' },
    ],
  });

/** The interesting part begins a little below the lowest bar. */
function lowestOf(fills: readonly FillResult[]): number {
  const lowest = Math.min(...fills.map(({ goodputShare, utilisation }) => Math.min(goodputShare, utilisation)));
  return Math.max(0, Math.min(90, Math.floor((lowest * 100 - 5) / 10) * 10));
}

const overTime = (fills: readonly FillResult[]): Markup =>
  lineChart({
    title: both('時間ごとの使用率（1 セッション）', 'Use of the line over time (one session)'),
    description: both('各ティアの契約に対する割合の推移', 'the share of each tier’s contract over the measured time'),
    curves: fills
      .filter(({ sessions }) => sessions === 1)
      .map(({ tier, mbps, wireBitsPerSecond: { everyMs, values } }) => ({
        name: tier,
        colour: tierColour(tier),
        points: values.map((bits, i) => [(i * everyMs) / 1000, (bits / (mbps * 1e6)) * 100] as const),
      })),
    x: { name: '秒 / s' },
    y: { name: '%', min: 0, max: 120 },
    lines: [{ value: 100, label: '契約 100 %' }],
  });

const figures = (fills: readonly FillResult[]): Markup =>
  table(
    both('ティアごとの使用率', 'Use by tier'),
    [
      both('ティア', 'tier'),
      both('セッション', 'sessions'),
      both('回線', 'line'),
      both('最大の 100 ms', 'fullest 100 ms'),
      both('画面', 'screen'),
      both('上限の理由（実測）', 'limited by (measured)'),
    ],
    fills.map((fill) => [
      fill.tier,
      fill.sessions,
      percent(fill.utilisation),
      percent(fill.utilisationPeak),
      percent(fill.goodputShare),
      fill.limitedBy ?? both('回線', 'the line').en,
    ]),
  );
