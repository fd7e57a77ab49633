// How late are keys and frames while the line is full?

import { both, type Markup } from '#lab/report/markup.ts';
import type { Distribution, FillResult, Report, SlowReaderResult, StepResult } from '../result.ts';
import { barChart, type Curve, lineChart } from './chart.ts';
import { BLUE, GREEN, GREY, ORANGE } from './colours.ts';
import { milliseconds, whole } from './numbers.ts';
import { notRun, paragraph, resultsOf, type Section } from './section.ts';
import { table } from './table.ts';

export function lateness(report: Report): Section {
  const fills = resultsOf(report, 'fill').filter(({ sessions }) => sessions === 1);
  const steps = resultsOf(report, 'step');
  const slow = resultsOf(report, 'slow-reader');
  const body = [
    ...(fills.length > 0 ? ofFills(fills) : [notRun(report, 'fill')]),
    ...(steps.length > 0 ? steps.flatMap(ofStep) : [notRun(report, 'step')]),
    ...(slow.length > 0 ? [ofSlowReaders(slow)] : [notRun(report, 'slow-reader')]),
  ];
  return { id: 'lateness', title: both('キーと画面はどれだけ遅れるか', 'How late are keys and frames then?'), body };
}

function ofFills(fills: readonly FillResult[]): Markup[] {
  const narrow = fills.toSorted((a, b) => a.mbps - b.mbps)[0] as FillResult;
  return [
    paragraph(
      both(
        'キー往復: 端末のキー → エージェント → 画面 → 端末。画面の古さ: 更新を取り込んでから最後のバイトが届くまで。どの標本も間引いていません。',
        'Key round trip: key → agent → pixel → client. Staleness: from the capture of an update to the arrival of its last byte. No sample is left out.',
      ),
    ),
    lineChart({
      title: both(`キー往復の分布（${narrow.tier}）`, `Key round trips at ${narrow.tier}`),
      description: both('値ごとの累積割合', 'share of the keys that were back within the time'),
      curves: [
        cumulative('無負荷 / idle', GREY, narrow.keyRoundTripMs.idle),
        cumulative('他が満杯 / another fills it', GREEN, narrow.otherKeyRoundTripMs.full),
        cumulative('自分が満杯 / it fills the line itself', BLUE, narrow.keyRoundTripMs.full),
        cumulative('画面の古さ / staleness', ORANGE, narrow.stalenessMs),
      ],
      x: { name: 'ms' },
      y: { name: '%', min: 0, max: 100 },
    }),
    barChart({
      title: both('キー往復の p99', 'Key round trip, p99'),
      description: both('数値は下の表にあります', 'the figures stand in the table below'),
      categories: fills.map(({ tier }) => tier),
      bars: [
        { name: '無負荷 / idle', colour: GREY, values: fills.map((fill) => fill.keyRoundTripMs.idleP99) },
        {
          name: '他が満杯 / other fills',
          colour: GREEN,
          values: fills.map((fill) => fill.otherKeyRoundTripMs.fullP99),
        },
        { name: '自分が満杯 / itself fills', colour: BLUE, values: fills.map((fill) => fill.keyRoundTripMs.fullP99) },
      ],
      y: { name: 'ms' },
    }),
    table(
      both('満杯の回線でのキーと画面', 'Keys and frames at a full line'),
      [
        both('ティア', 'tier'),
        both('基準の往復', 'base round trip'),
        both('無負荷 p50 / p99', 'idle p50 / p99'),
        both('自分が満杯 p99', 'itself fills, p99'),
        both('他が満杯 p99', 'another fills, p99'),
        both('画面の古さ p95', 'staleness p95'),
        both('置き換えた更新', 'updates replaced'),
      ],
      fills.map((fill) => [
        fill.tier,
        milliseconds(fill.baseRoundTripMs),
        `${milliseconds(fill.keyRoundTripMs.idleP50)} / ${milliseconds(fill.keyRoundTripMs.idleP99)}`,
        milliseconds(fill.keyRoundTripMs.fullP99),
        milliseconds(fill.otherKeyRoundTripMs.fullP99),
        milliseconds(fill.stalenessP95Ms),
        whole(fill.superseded),
      ]),
    ),
  ];
}

const cumulative = (name: string, colour: string, { percentiles }: Distribution): Curve => ({
  name,
  colour,
  points: percentiles.map((value, percentile) => [value, percentile] as const),
});

function ofStep(step: StepResult): Markup[] {
  const seconds = (everyMs: number, i: number) => (i * everyMs) / 1000;
  const { wireBitsPerSecond: wire, stalenessP95Ms: stale } = step;
  return [
    lineChart({
      title: both(`契約の変更 ${step.tiers.join(' → ')}`, 'The contract changes under one session'),
      description: both('回線のビット毎秒の推移', 'bits per second on the line over time'),
      curves: [
        { name: 'Mbit/s', colour: BLUE, points: wire.values.map((bits, i) => [seconds(wire.everyMs, i), bits / 1e6]) },
      ],
      x: { name: '秒 / s' },
      y: { name: 'Mbit/s', min: 0 },
    }),
    lineChart({
      title: both('そのときの画面の古さ p95', 'Staleness p95 meanwhile'),
      description: both('画面の古さの推移', 'staleness over time'),
      curves: [
        { name: 'ms', colour: ORANGE, points: stale.values.map((value, i) => [seconds(stale.everyMs, i), value]) },
      ],
      x: { name: '秒 / s' },
      y: { name: 'ms', min: 0 },
      height: 240,
    }),
    table(
      both('変更のあと', 'After the steps'),
      [both('変更', 'step'), both('時間', 'time')],
      [
        [step.tiers.slice(0, 2).join(' → '), milliseconds(step.settledMs)],
        [step.tiers.slice(-2).join(' → '), milliseconds(step.regainedMs)],
      ],
    ),
  ];
}

const ofSlowReaders = (slow: readonly SlowReaderResult[]): Markup =>
  table(
    both('読むのをやめた端末', 'A client that stops reading'),
    [
      both('ティア', 'tier'),
      both('停止', 'stalled'),
      both('窓 (B)', 'window (B)'),
      both('最大の未達 (B)', 'in flight at most (B)'),
      both('再開後の最初の新しい画面', 'first fresh update afterwards'),
      both('隣のキー p99 前 / 間', 'keys beside it, p99 before / during'),
    ],
    slow.map((one) => [
      one.tier,
      `${one.stalledSeconds} s`,
      whole(one.windowBytes),
      `${whole(one.inFlightMaxBytes)} ${one.heldWindow ? '≤' : '>'}`,
      milliseconds(one.firstFreshMs),
      `${milliseconds(one.otherBefore.p99)} / ${milliseconds(one.otherDuring.p99)}`,
    ]),
  );
