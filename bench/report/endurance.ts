// The morning, many sessions for a while, and somebody else's deployment.

import { both, type Markup } from '#lab/report/markup.ts';
import type { MorningResult, Report, SoakResult, TargetResult } from '../result.ts';
import { lineChart } from './chart.ts';
import { processColour } from './colours.ts';
import { figure, milliseconds, whole } from './numbers.ts';
import { notRun, resultsOf, type Section } from './section.ts';
import { table } from './table.ts';

export function endurance(report: Report): Section {
  const mornings = resultsOf(report, 'morning');
  const soaks = resultsOf(report, 'soak');
  const body = [
    ...(mornings.length > 0 ? mornings.flatMap(ofMorning) : [notRun(report, 'morning')]),
    ...(soaks.length > 0 ? soaks.flatMap(ofSoak) : [notRun(report, 'soak')]),
  ];
  return { id: 'endurance', title: both('朝の集中と長時間', 'Mornings and long days'), body };
}

export function target(report: Report): Section | null {
  const targets = resultsOf(report, 'target');
  if (targets.length === 0) return null;
  return {
    id: 'target',
    title: both('指定された設備', 'The deployment that was loaded'),
    body: targets.map(ofTarget),
  };
}

function ofMorning(morning: MorningResult): Markup[] {
  const { handshakes } = morning;
  return [
    table(
      both(
        `${morning.withinSeconds} 秒以内に ${morning.users} 人がサインイン`,
        `${morning.users} users sign in within ${morning.withinSeconds} s`,
      ),
      [both('手順', 'step'), both('p50', ''), both('p95', ''), both('p99', ''), both('失敗', 'failed')],
      [
        ['サインイン / sign-in', ...threeOf(morning.signInMs), whole(morning.failed)],
        ['デスクトップを開く / open a desktop', ...threeOf(morning.openMs), null],
      ],
    ),
    table(
      both('扉の費用', 'What the doors cost'),
      [both('測定', 'measurement'), both('毎秒', 'a second'), both('p50', ''), both('p99', '')],
      [
        [
          `mTLS ${handshakes.group}`,
          whole(handshakes.perSecond),
          milliseconds(handshakes.p50Ms),
          milliseconds(handshakes.p99Ms),
        ],
        ...morning.requests.map(({ path, p50Ms, p99Ms }) => [path, null, milliseconds(p50Ms), milliseconds(p99Ms)]),
      ],
    ),
  ];
}

const threeOf = ({ p50, p95, p99 }: { p50: number | null; p95: number | null; p99: number | null }) =>
  [p50, p95, p99].map(milliseconds);

const ofSoak = (soak: SoakResult): Markup[] => [
  lineChart({
    title: both(
      `${soak.sessions} セッションを ${whole(soak.seconds)} 秒保持した間のメモリ`,
      `Memory while ${soak.sessions} sessions are held for ${whole(soak.seconds)} s`,
    ),
    description: both('プロセスごとの常駐メモリの推移', 'resident memory of each process over time'),
    curves: Object.entries(soak.memory).map(([name, { everyMs, values }]) => ({
      name,
      colour: processColour(name),
      points: values.map((mib, i) => [(i * everyMs) / 1000, mib] as const),
    })),
    x: { name: '秒 / s' },
    y: { name: 'MiB', min: 0 },
  }),
  table(
    both('保持の結果', 'What was held'),
    [
      both('セッション', 'sessions'),
      both('失われた', 'lost'),
      both('キー往復 p50 / p99', 'key round trip p50 / p99'),
      both('無操作 1 セッション: ブローカー', 'one idle session: broker'),
      both('ゲートウェイ', 'gateway'),
    ],
    [
      [
        whole(soak.sessions),
        whole(soak.lost),
        `${milliseconds(soak.keyRoundTripMs.p50)} / ${milliseconds(soak.keyRoundTripMs.p99)}`,
        `${figure(soak.idleSessionKiB.broker)} KiB`,
        `${figure(soak.idleSessionKiB.gateway)} KiB`,
      ],
    ],
  ),
];

const ofTarget = (one: TargetResult): Markup =>
  table(
    both(`${one.url}（負荷はその設備のデスクトップが表示するもの）`, 'the load is what its own desktops show'),
    [
      both('利用者', 'users'),
      both('サインイン p95', 'sign-in p95'),
      both('開く p95', 'open p95'),
      both('全画面の再描画 p95', 'refresh p95'),
      both('MB', ''),
      both('更新', 'updates'),
      both('失われた', 'lost'),
      both('Jain', ''),
    ],
    [
      [
        whole(one.users),
        milliseconds(one.signInMs.p95),
        milliseconds(one.openMs.p95),
        milliseconds(one.refreshMs.p95),
        figure(one.bytes / 1e6),
        whole(one.updates),
        whole(one.lost),
        figure(one.jain),
      ],
    ],
  );
