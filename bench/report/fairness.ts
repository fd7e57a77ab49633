// Is it fair?

import { both, type Markup } from '#lab/report/markup.ts';
import type { FillResult, GreedyResult, Report } from '../result.ts';
import { barChart } from './chart.ts';
import { BLUE, GREY, tierColour, VERMILION } from './colours.ts';
import { figure, milliseconds, percent, times } from './numbers.ts';
import { notRun, resultsOf, type Section } from './section.ts';
import { table } from './table.ts';

export function fairness(report: Report): Section {
  const many = resultsOf(report, 'fill').filter(({ sessions }) => sessions > 1);
  const greedy = resultsOf(report, 'greedy');
  const body = [
    ...(many.length > 0 ? [...many.slice(0, 1).map(shares), jains(many)] : [notRun(report, 'fill')]),
    ...(greedy.length > 0 ? [besideGreedy(greedy), greedyFigures(greedy)] : [notRun(report, 'greedy')]),
  ];
  return { id: 'fairness', title: both('公平か', 'Is it fair?'), body };
}

const shares = ({ tier, sessions, bytesPerSession }: FillResult): Markup =>
  barChart({
    title: both(
      `同じ ${sessions} セッションの取り分（${tier}）`,
      `What each of ${sessions} equal sessions got (${tier})`,
    ),
    description: both('セッションごとの画面のバイト数、少ない順', 'screen bytes of each session, ascending'),
    categories: bytesPerSession.map((_, i) => String(i + 1)),
    bars: [
      {
        name: 'MB',
        colour: tierColour(tier),
        values: bytesPerSession.toSorted((a, b) => a - b).map((bytes) => bytes / 1e6),
      },
    ],
    y: { name: 'MB', min: 0 },
    height: 220,
  });

const jains = (many: readonly FillResult[]): Markup =>
  table(
    both('Jain の公平性指標（1 が完全に等しい）', 'Jain’s index (1: all get the same)'),
    [
      both('ティア', 'tier'),
      both('セッション', 'sessions'),
      both('指標', 'index'),
      both('最少 / 最多 (MB)', 'least / most (MB)'),
    ],
    many.map(({ tier, sessions, jain, bytesPerSession }) => [
      tier,
      sessions,
      jain === null ? '–' : jain.toFixed(4),
      `${figure(Math.min(...bytesPerSession) / 1e6)} / ${figure(Math.max(...bytesPerSession) / 1e6)}`,
    ]),
  );

const besideGreedy = (greedy: readonly GreedyResult[]): Markup =>
  barChart({
    title: both('全画面動画の隣の事務セッション', 'Office sessions beside one that shows nothing but video'),
    description: both('キーから画素までの p95', 'p95 from key to pixel'),
    categories: roundsOf(greedy).map(({ name }) => name),
    bars: [
      { name: '動画なし / without', colour: GREY, values: roundsOf(greedy).map(({ round }) => round.without.p95) },
      { name: '動画あり / with', colour: BLUE, values: roundsOf(greedy).map(({ round }) => round.with.p95) },
      {
        name: '目標 1.2 × / target',
        colour: VERMILION,
        values: roundsOf(greedy).map(({ round }) => round.without.p95 && round.without.p95 * 1.2),
      },
    ],
    y: { name: 'ms' },
  });

const greedyFigures = (greedy: readonly GreedyResult[]): Markup =>
  table(
    both('貪欲な 1 セッションの影響', 'What one greedy session changes'),
    [
      both('ティア、事務セッション、巡', 'tier, office sessions, round'),
      both('p95 なし / あり', 'p95 without / with'),
      both('比', 'ratio'),
      both('動画の取り分', 'the greedy one’s share'),
      both('回線', 'line'),
    ],
    roundsOf(greedy).map(({ name, round }) => [
      name,
      `${milliseconds(round.without.p95)} / ${milliseconds(round.with.p95)}`,
      times(round.ratioP95),
      percent(round.greedyGoodputShare),
      percent(round.utilisation),
    ]),
  );

const roundsOf = (greedy: readonly GreedyResult[]) =>
  greedy.flatMap(({ tier, officeSessions, rounds }) =>
    rounds.map((round, i) => ({ name: `${tier}, ${officeSessions} + 1, ${i + 1}`, round })),
  );
