// How many office sessions fit, and what does one cost a year?
import { TIERS, type TierLabel } from '#broker/tiers.ts';
import { type Both, both, type Markup } from '#lab/report/markup.ts';
import type { OfficeResult, Report } from '../result.ts';
import { barChart, lineChart } from './chart.ts';
import { BLUE, SKY, tierColour } from './colours.ts';
import { figure, milliseconds, whole, yen } from './numbers.ts';
import { notRun, paragraph, resultsOf, type Section } from './section.ts';
import { table } from './table.ts';

export function sessionsAndCost(report: Report): Section {
  const offices = resultsOf(report, 'office');
  const body =
    offices.length === 0
      ? [notRun(report, 'office')]
      : [mix(), fitting(offices), growing(offices), fitFigures(offices), ...cost(offices)];
  return {
    id: 'sessions',
    title: both('何人が使え、1 人いくらか', 'How many office sessions fit, and what does one cost?'),
    body,
  };
}

const BOUNDS: Readonly<Record<OfficeResult['boundedBy'], Both>> = {
  latency: both('遅延', 'latency'),
  cpu: both('この機械の CPU（回線ではない）', 'this machine’s CPU, not the line'),
  sessions: both('実行の上限（もっと入る）', 'the run’s own bound: more would fit'),
};

const mix = (): Markup =>
  paragraph(
    both(
      '事務の混合: 無操作 30 %、入力 40 %、スクロールと Web 20 %、スライド 8 %、動画 2 %。実際の画面の記録を再生します。',
      'Office mix: idle 30 %, typing 40 %, scrolling and web 20 %, slides 8 %, video 2 %, replayed from records of real screens.',
    ),
  );

const fitting = (offices: readonly OfficeResult[]): Markup =>
  barChart({
    title: both('入る事務セッションの数', 'Office sessions that fit'),
    description: both('数値は下の表にあります', 'the figures stand in the table below'),
    categories: offices.map(({ tier, boundedBy }) => (boundedBy === 'latency' ? tier : `${tier} ≥`)),
    bars: [{ name: 'sessions', colour: BLUE, values: offices.map(({ sessions }) => sessions) }],
    y: { name: 'セッション / sessions', min: 0 },
  });

const growing = (offices: readonly OfficeResult[]): Markup =>
  lineChart({
    title: both('セッション数とキー → 画素の p95', 'p95 from key to pixel as sessions are added'),
    description: both('上限を超えるまでの各段階', 'each step of the search up to the limit'),
    curves: offices.map(({ tier, steps }) => ({
      name: tier,
      colour: tierColour(tier),
      points: steps
        .flatMap(({ sessions, keyRoundTripMs: { p95 } }) => (p95 === null ? [] : [[sessions, p95] as const]))
        .toSorted((a, b) => a[0] - b[0]),
    })),
    x: { name: 'セッション / sessions', log: true },
    y: { name: 'ms', min: 0 },
    lines: offices.slice(0, 1).map(({ limitMs }) => ({ value: limitMs, label: `上限 ${limitMs} ms` })),
  });

const fitFigures = (offices: readonly OfficeResult[]): Markup =>
  table(
    both('ティアごとのセッション数', 'Sessions by tier'),
    [
      both('ティア', 'tier'),
      both('セッション', 'sessions'),
      both('限界の理由', 'bounded by'),
      both('その時の p95', 'p95 there'),
      both('1 セッションの回線 (kbit/s)', 'line for one (kbit/s)'),
    ],
    offices.map(({ tier, sessions, boundedBy, steps }) => {
      const last = steps.find((step) => step.sessions === sessions);
      const { ja, en } = BOUNDS[boundedBy];
      return [
        tier,
        whole(sessions),
        `${ja} / ${en}`,
        milliseconds(last?.keyRoundTripMs.p95),
        figure(last?.kbitPerSession),
      ];
    }),
  );

function cost(offices: readonly OfficeResult[]): Markup[] {
  const priced = offices.flatMap((office) => {
    const tier = TIERS[office.tier as TierLabel];
    return tier && office.sessions > 0 ? [{ ...office, yearly: tier.yearlyYen }] : [];
  });
  if (priced.length === 0) return [];
  const each = (total: number, { sessions }: OfficeResult) => total / sessions;
  return [
    paragraph(
      both(
        '費用は LGWAN-ASP 接続料金（2021 年 1 月の説明会資料、税別、民間事業者・LGWAN ルータ 2 台）を同時セッション数で割った額。100 Mbps 以下は従量課金で減額の対象になりえます。',
        'The yearly fees of an LGWAN-ASP connection (seminar of January 2021, without tax, a private provider with two LGWAN routers) by concurrent sessions. Tiers up to 100 Mbps may be reduced if the service charges by usage.',
      ),
    ),
    barChart({
      title: both('1 同時セッションの年額', 'Yen for one concurrent session a year'),
      description: both('数値は下の表にあります', 'the figures stand in the table below'),
      categories: priced.map(({ tier }) => tier),
      bars: [
        {
          name: '単一県域 / one prefecture',
          colour: SKY,
          values: priced.map((one) => each(one.yearly.totalOnePrefecture, one)),
        },
        {
          name: '複数県域 / several',
          colour: BLUE,
          values: priced.map((one) => each(one.yearly.totalManyPrefectures, one)),
        },
      ],
      y: { name: '円 / yen', min: 0 },
    }),
    table(
      both('年額（税別）', 'A year, without tax'),
      [
        both('ティア', 'tier'),
        both('同時セッション', 'concurrent sessions'),
        both('単一県域 合計', 'one prefecture, in all'),
        both('1 セッション', 'one session'),
        both('複数県域 合計', 'several, in all'),
        both('1 セッション', 'one session'),
      ],
      priced.map((one) => [
        one.tier,
        `${one.boundedBy === 'latency' ? '' : '≥ '}${whole(one.sessions)}`,
        yen(one.yearly.totalOnePrefecture),
        yen(each(one.yearly.totalOnePrefecture, one)),
        yen(one.yearly.totalManyPrefectures),
        yen(each(one.yearly.totalManyPrefectures, one)),
      ]),
    ),
  ];
}
