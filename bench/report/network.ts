// Does the line behave the same when the kernel makes it, and when it loses packets?

import { both, type Markup } from '#lab/report/markup.ts';
import type { NetworkResult, Report } from '../result.ts';
import { barChart } from './chart.ts';
import { BLUE, GREEN, GREY } from './colours.ts';
import { milliseconds, percent, whole } from './numbers.ts';
import { notRun, paragraph, resultsOf, type Section } from './section.ts';
import { table } from './table.ts';

type Line = NetworkResult['lines'][number];
type Figures = NonNullable<Line['figures']>;

export function network(report: Report): Section {
  const results = resultsOf(report, 'network');
  return {
    id: 'network',
    title: both(
      'カーネルが作る回線、損失のある回線では',
      'On a line that the kernel makes, and one that loses packets',
    ),
    body: results.length === 0 ? [notRun(report, 'network')] : results.flatMap(partsOf),
  };
}

const partsOf = (result: NetworkResult): Markup[] => [
  paragraph(
    both(
      '2 つのネットワーク名前空間の間の 1 セッション。使用率は veth でカーネルが数えた IP バイト数、「カーネル / 当方」は同じ時間のブローカーの計数に対する比。',
      'One session between two network namespaces. Use of the line: IP bytes as the kernel counted them at the veth. Kernel / ours: their ratio to what the broker counted in the same time.',
    ),
  ),
  keys(result),
  lines(result),
  counts(result),
];

/** Whose rate it is, and what gets lost. */
export const conditionsOf = ({ rate, lostPerMille }: Pick<Line, 'rate' | 'lostPerMille'>): string =>
  lostPerMille === 0 ? rate : `${rate}, ${lostPerMille / 10} % lost`;

/** How full, how late, how well counted, what was lost: five cells. */
export const figuresOf = ({
  utilisation,
  keyRoundTripMs: keys,
  stalenessMs,
  ratio,
  lostPackets,
}: Figures): string[] => [
  percent(utilisation),
  [keys.p50, keys.p95, keys.p99].map(milliseconds).join(' / '),
  milliseconds(stalenessMs.p95),
  ratio === null ? '–' : ratio.toFixed(4),
  whole(lostPackets),
];

const keys = ({ lines, mbps, baseRoundTripMs }: NetworkResult): Markup => {
  const measured = lines.flatMap(({ figures, ...line }) =>
    figures ? [{ ...line, keys: figures.keyRoundTripMs }] : [],
  );
  return barChart({
    title: both(
      `満杯の ${mbps} Mbps でのキーの往復（基本遅延 ${baseRoundTripMs} ms）`,
      `Key round trip at a full ${mbps} Mbps (base delay ${baseRoundTripMs} ms)`,
    ),
    description: both('数値は下の表にあります', 'the figures stand in the table below'),
    categories: measured.map(conditionsOf),
    bars: [
      { name: 'p50', colour: GREY, values: measured.map(({ keys }) => keys.p50) },
      { name: 'p95', colour: BLUE, values: measured.map(({ keys }) => keys.p95) },
      { name: 'p99', colour: GREEN, values: measured.map(({ keys }) => keys.p99) },
    ],
    y: { name: 'ms', min: 0 },
  });
};

const lines = ({ lines: all }: NetworkResult): Markup =>
  table(
    both('回線の条件ごとの結果', 'By the line’s conditions'),
    [
      both('回線', 'line'),
      both('使用率', 'full'),
      both('キーの往復 p50 / p95 / p99', 'key round trip p50 / p95 / p99'),
      both('画面の古さ p95', 'staleness p95'),
      both('カーネル / 当方', 'kernel / ours'),
      both('失われたパケット', 'packets lost'),
    ],
    all.map((line) => [
      conditionsOf(line),
      ...(line.figures ? figuresOf(line.figures) : [`未実施 / not run: ${line.missing}`, '–', '–', '–', '–']),
    ]),
  );

const counts = ({ lines: all }: NetworkResult): Markup =>
  table(
    both('同じ時間に数えたバイト数', 'Bytes counted in the same time'),
    [
      both('回線', 'line'),
      both('ブローカー（ワイヤ）', 'broker (wire)'),
      both('カーネル（IP）', 'kernel (IP)'),
      both('パケット', 'packets'),
      both('端末から（IP）', 'from the client (IP)'),
    ],
    all.flatMap(({ figures, ...line }) =>
      figures
        ? [
            [
              conditionsOf(line),
              whole(figures.ourBytes),
              whole(figures.kernelBytes),
              whole(figures.kernelPackets),
              whole(figures.inwardBytes),
            ],
          ]
        : [],
    ),
  );
