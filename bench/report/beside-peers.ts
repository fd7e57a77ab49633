// What does the relay cost beside its peers?
import { TIER_LABELS } from '#broker/tiers.ts';
import { both, type Markup } from '#lab/report/markup.ts';
import type { RelayResult, Report } from '../result.ts';
import { median } from '../statistics.ts';
import { barChart, lineChart } from './chart.ts';
import { BLUE, peerColour, SKY } from './colours.ts';
import { figure, milliseconds, percent, times } from './numbers.ts';
import { notRun, paragraph, resultsOf, type Section } from './section.ts';
import { table } from './table.ts';

export function besidePeers(report: Report): Section {
  const relay = resultsOf(report, 'relay')[0];
  const body = relay ? ofRelay(relay) : [notRun(report, 'relay')];
  return { id: 'relay', title: both('中継の費用を他と比べる', 'What does the relay cost beside its peers?'), body };
}

function ofRelay(relay: RelayResult): Markup[] {
  const { method } = relay;
  return [
    paragraph(
      both(
        `1 ホップ、両側 ${method.suite}、証明書 ${method.certificates}、${method.recordBytes} バイトのレコード、${method.rounds} 巡を交互に実行した中央値。CPU はカーネルの記録（プロセスツリー全体）。${method.pinned ? '中継はコア 1、他はコア 0。' : 'コアの固定なし。'}`,
        `One hop, ${method.suite} on both legs, ${method.certificates} certificates, records of ${method.recordBytes} bytes; medians of ${method.rounds} interleaved rounds. CPU by the kernel’s accounting of the whole process tree. ${method.pinned ? 'The relay alone on core 1, all else on core 0.' : 'Not pinned to cores.'}`,
      ),
    ),
    paragraph(aboutOpenSsl(relay)),
    saturated(relay),
    comparison(relay),
    byTier(relay),
    tierFigures(relay),
    probes(relay),
    latencyFigures(relay),
  ];
}

/** Said wherever a ratio is: part of it is the library's, not ours. */
function aboutOpenSsl({ peers }: RelayResult) {
  const ours = peers.find(({ id }) => id === 'us')?.openssl ?? '–';
  const theirs = [...new Set(peers.flatMap(({ id, openssl }) => (id !== 'us' && openssl ? [openssl] : [])))].join(', ');
  return both(
    `比はライブラリの差を含みます: 当方は OpenSSL ${ours}、他は ${theirs}。AVX-512/VAES のある Intel Xeon では、同じ C++ の中継で OpenSSL 3.0 → 3.5 だけで CPU が nginx の 0.97 倍 → 0.63 倍になりました（2026 年 11 月に測定、この実行の機械とは限りません）。3.5 で組まれた相手、または VAES のない CPU では、比は約 1.6 倍不利になると見てください。`,
    `Every ratio holds a difference of libraries: ours runs on OpenSSL ${ours}, the others on ${theirs}. On an Intel Xeon with AVX-512 and VAES one and the same relay in C++ went from 0.97 to 0.63 of nginx’s CPU by OpenSSL 3.0 → 3.5 alone (measured in November 2026, not necessarily on the machine of this run). Beside a peer built with 3.5, or on a CPU without VAES, expect ratios about 1.6 × worse for us.`,
  );
}

const there = ({ peers }: RelayResult) => peers.filter(({ missing }) => missing === null);

const saturated = (relay: RelayResult): Markup => {
  const sorted = there(relay).toSorted(
    (a, b) => (relay.cpuSecondsPerGB[a.id] ?? 0) - (relay.cpuSecondsPerGB[b.id] ?? 0),
  );
  return barChart({
    title: both('飽和時の CPU 秒 / GB（小さいほど良い）', 'CPU seconds per GB when saturated (less is better)'),
    description: both('数値は下の表にあります', 'the figures stand in the table below'),
    categories: sorted.map(shortTitle),
    bars: [
      {
        name: 's/GB',
        colour: sorted.map(({ id }) => peerColour(id)),
        values: sorted.map(({ id }) => relay.cpuSecondsPerGB[id] ?? null),
      },
    ],
    y: { name: 's/GB', min: 0 },
  });
};

/** Under a bar there is room for two short lines. */
const shortTitle = ({ title }: { title: string }) => title.replace(' ', '\n');

const comparison = (relay: RelayResult): Markup =>
  table(
    both('飽和時の 1 ホップ', 'One hop, saturated'),
    [
      both('中継', 'relay'),
      both('版', 'version'),
      both('OpenSSL', ''),
      both('CPU 秒 / GB', 'CPU s/GB'),
      both('当方 / 相手', 'ours / theirs'),
      both('コア使用率', 'of a core'),
      both('メモリ (MiB)', 'memory (MiB)'),
      both('備考', 'note'),
    ],
    relay.peers.map(({ id, title, version, openssl, note, missing }) => {
      const runs = relay.runs.filter(({ peer, load }) => peer === id && load === 'saturated');
      const bound = runs.some(({ generatorBound }) => generatorBound) ? ' (source-bound)' : '';
      return [
        title,
        version,
        openssl,
        figure(relay.cpuSecondsPerGB[id]),
        times(relay.ratios.saturated?.[id]),
        `${percent(median(runs.map(({ cpuShare }) => cpuShare)))}${bound}`,
        figure(median(runs.map(({ residentMiB }) => residentMiB))),
        missing === null ? note : `未測定 / not measured: ${missing}`,
      ];
    }),
  );

const tiersOf = (relay: RelayResult) => TIER_LABELS.filter((tier) => relay.ratios[tier]);

const byTier = (relay: RelayResult): Markup =>
  lineChart({
    title: both('ティアごとの CPU の比（当方 / 相手）', 'Ratio of CPU by tier (ours / theirs)'),
    description: both('1 未満なら当方が安い', 'below 1 ours is the cheaper one'),
    curves: ['nginx', 'haproxy'].map((id) => ({
      name: relay.peers.find((peer) => peer.id === id)?.title ?? id,
      colour: peerColour(id),
      points: tiersOf(relay).flatMap((tier) => {
        const ratio = relay.ratios[tier]?.[id];
        return typeof ratio === 'number' ? [[mbpsOf(tier), ratio] as const] : [];
      }),
    })),
    x: { name: 'Mbit/s', log: true },
    y: { name: '比 / ratio', min: 0 },
    lines: [
      { value: 1.5, label: '目標 ≤100 Mbps' },
      { value: 1.1, label: '目標 ≥200 Mbps' },
      { value: 1, label: '同じ / equal' },
    ],
  });

const mbpsOf = (tier: string): number => (tier === '1Gbps' ? 1000 : Number.parseInt(tier, 10));

const tierFigures = (relay: RelayResult): Markup => {
  const peers = there(relay);
  return table(
    both('レート制限時の CPU 秒 / GB（コア使用率）', 'CPU s/GB at limited rates (share of a core)'),
    [both('ティア', 'tier'), ...peers.map(({ title }) => both(title, ''))],
    tiersOf(relay).map((tier) => [
      tier,
      ...peers.map(({ id }) => {
        const runs = relay.runs.filter(({ peer, load }) => peer === id && load === tier);
        if (runs.length === 0) return null;
        const share = percent(median(runs.map(({ cpuShare }) => cpuShare)));
        return `${figure(median(runs.map((run) => run.cpuSecondsPerGB)))} (${share})`;
      }),
    ]),
  );
};

const probes = (relay: RelayResult): Markup => {
  const peers = there(relay);
  const at = (quantile: 'p50' | 'p99') => peers.map(({ id }) => relay.probeMs.saturated[id]?.[quantile] ?? null);
  return barChart({
    title: both('飽和した隣での別セッションの往復', 'Round trips of another session beside a saturating one'),
    description: both('数値は下の表にあります', 'the figures stand in the table below'),
    categories: peers.map(shortTitle),
    bars: [
      { name: 'p50', colour: SKY, values: at('p50') },
      { name: 'p99', colour: BLUE, values: at('p99') },
    ],
    y: { name: 'ms', log: true },
  });
};

const latencyFigures = (relay: RelayResult): Markup =>
  table(
    both('遅延', 'Latency'),
    [
      both('中継', 'relay'),
      both('往復 無負荷 p50 / p99', 'probe, idle p50 / p99'),
      both('往復 飽和 p50 / p99', 'probe, saturated p50 / p99'),
      both('片道 100 Mbps p50 / p99', 'one way at 100 Mbps p50 / p99'),
    ],
    [
      ...there(relay).map(({ id, title }) => [
        title,
        pair(relay.probeMs.idle[id]),
        pair(relay.probeMs.saturated[id]),
        pair(relay.oneWayMs[id]),
      ]),
      ['中継なし / no relay', null, null, pair(relay.oneWayMs.direct)],
      ['当方の滞在時間 / residence in ours', null, null, pair(relay.residenceMs)],
    ],
  );

const pair = (of: { p50: number | null; p99: number | null } | null | undefined): string =>
  of ? `${milliseconds(of.p50)} / ${milliseconds(of.p99)}` : '–';
