// What was to be reached, and what was. Each row judges by the report's figures alone; a figure that is not there is
// "not run", never reached.
import { Contract } from '#broker/shaping/contract.ts';
import { TIER_LABELS, TIERS } from '#broker/tiers.ts';
import { type Both, both, html, type Markup, spoken } from '#lab/report/markup.ts';
import type { FillResult, GreedyResult, RelayResult, Report, ScenarioName } from '../result.ts';
import { median } from '../statistics.ts';
import { figure, milliseconds, percent, times, whole } from './numbers.ts';
import { resultsOf, type Section, whyNotRun } from './section.ts';
import { table } from './table.ts';

export type Verdict = 'reached' | 'short' | 'not run' | 'told';

export interface Judged {
  target: Both;
  limit: string;
  measured: string;
  verdict: Verdict;
  /** As measured; empty if there is nothing to explain. */
  reason: string;
}

interface Target {
  target: Both;
  limit: string;
  scenario: ScenarioName;
  /** @returns null if the run holds no such figure */
  judge(report: Report): { measured: string; reached: boolean | null; reason?: string } | null;
}

const NAMES = {
  nginx: 'nginx stream',
  haproxy: 'HAProxy',
  nginxWebSocket: 'nginx WebSocket',
  ws: 'plain ws',
  meshcentral: 'MeshCentral',
} as const;

const NARROW = '10Mbps';
const MANY = 20;

const fillsOf = (report: Report) => resultsOf(report, 'fill');
const singleAt = (report: Report, tier: string) =>
  fillsOf(report).find((one) => one.tier === tier && one.sessions === 1);
const relayOf = (report: Report) => resultsOf(report, 'relay')[0];

const TARGETS: readonly Target[] = [
  {
    target: both('回線を満たし、超えない（全ティア）', 'the line filled and never exceeded, every tier'),
    limit: '≥ 98 %, ≤ 100 % + burst',
    scenario: 'fill',
    judge: (report) =>
      everyFill(
        report,
        ({ utilisation }) => utilisation,
        (share, fill) => share >= 0.98 && share <= 1 + burstShare(fill),
      ),
  },
  {
    target: both('そのうち画面のバイト', 'screen bytes of it'),
    limit: '≥ 95 %',
    scenario: 'fill',
    judge: (report) =>
      everyFill(
        report,
        ({ goodputShare }) => goodputShare,
        (share) => share >= 0.95,
      ),
  },
  {
    target: both('10 Mbps 満杯でのキー p99（自分が満たす）', 'keys p99 at a full 10 Mbps line, own session fills it'),
    limit: '≤ 無負荷 / idle + 12 ms',
    scenario: 'fill',
    judge: (report) => added(singleAt(report, NARROW)?.keyRoundTripMs, 12),
  },
  {
    target: both('同（別のセッションが満たす）', 'the same, another session fills it'),
    limit: '≤ 無負荷 / idle + 8 ms',
    scenario: 'fill',
    judge: (report) => added(singleAt(report, NARROW)?.otherKeyRoundTripMs, 8),
  },
  {
    target: both('10 Mbps 満杯での画面の古さ p95', 'frame staleness p95 at a full 10 Mbps line'),
    limit: '≤ 120 ms',
    scenario: 'fill',
    judge: (report) => atMost(singleAt(report, NARROW)?.stalenessP95Ms, 120, milliseconds),
  },
  {
    target: both(`等しい ${MANY} セッションの Jain 指標`, `Jain’s index over ${MANY} equal sessions`),
    limit: '≥ 0.99',
    scenario: 'fill',
    judge(report) {
      const many = fillsOf(report).filter(({ sessions, jain }) => sessions >= MANY && jain !== null);
      if (many.length === 0) return null;
      const short = many.filter(({ jain }) => Number(jain) < 0.99);
      const shown = short.length > 0 ? short : many;
      return {
        measured: shown.map(({ tier, jain }) => `${tier} ${Number(jain).toFixed(4)}`).join(', '),
        reached: short.length === 0,
        reason: reasonsOf(short),
      };
    },
  },
  {
    target: both('貪欲な 1 セッションの隣の p95', 'p95 key-to-pixel beside one greedy session'),
    limit: '≤ 1.2 ×',
    scenario: 'greedy',
    judge(report) {
      const greedy = resultsOf(report, 'greedy')[0];
      const judged = atMost(greedy?.ratioP95, 1.2, times);
      return greedy && judged ? { ...judged, reason: waitsOf(greedy) } : null;
    },
  },
  {
    target: both('増速後に速度を取り戻すまで', 'rate regained after a step back up'),
    limit: '≤ 2 s',
    scenario: 'step',
    judge: (report) => atMost(resultsOf(report, 'step')[0]?.regainedMs, 2_000, milliseconds),
  },
  {
    target: both('中継の滞在時間 p50 / p99（100 Mbps）', 'relay residence p50 / p99 at 100 Mbps'),
    limit: '≤ 0.1 / 1 ms',
    scenario: 'relay',
    judge(report) {
      const residence = relayOf(report)?.residenceMs;
      if (!residence || residence.p50 === null || residence.p99 === null) return null;
      const { p50, p99 } = residence;
      return { measured: `${milliseconds(p50)} / ${milliseconds(p99)}`, reached: p50 <= 0.1 && p99 <= 1 };
    },
  },
  ...(['nginx', 'haproxy'] as const).flatMap((id): Target[] => [
    {
      target: both(
        `${NAMES[id]} に対する CPU（飽和と 200 Mbps 以上）`,
        `CPU beside ${NAMES[id]}, saturated and from 200 Mbps`,
      ),
      limit: '≤ 1.1 ×',
      scenario: 'relay',
      judge: (report) => everyRatio(relayOf(report), id, ['saturated', ...tiersBetween(200, 1_000)], 1.1),
    },
    {
      target: both(`${NAMES[id]} に対する CPU（10–100 Mbps）`, `CPU beside ${NAMES[id]}, 10 to 100 Mbps`),
      limit: '≤ 1.5 ×',
      scenario: 'relay',
      judge: (report) => everyRatio(relayOf(report), id, tiersBetween(10, 100), 1.5),
    },
  ]),
  ...(
    [
      ['nginxWebSocket', 0.75],
      ['ws', 0.8],
      ['meshcentral', 0.2],
    ] as const
  ).map(
    ([id, most]): Target => ({
      target: both(`${NAMES[id]} に対する CPU（飽和）`, `CPU beside ${NAMES[id]}, saturated`),
      limit: `≤ ${most} ×`,
      scenario: 'relay',
      judge: (report) => everyRatio(relayOf(report), id, ['saturated'], most),
    }),
  ),
  {
    target: both('飽和した隣での往復 p99', 'probe p99 beside a saturating session'),
    limit: '< HAProxy, < plain ws',
    scenario: 'relay',
    judge(report) {
      const at = (id: string) => relayOf(report)?.probeMs.saturated[id]?.p99 ?? null;
      const ours = at('us');
      const others = ['haproxy', 'ws'].flatMap((id) => at(id) ?? []);
      if (ours === null || others.length === 0) return null;
      return {
        measured: `${milliseconds(ours)} (HAProxy ${milliseconds(at('haproxy'))}, ws ${milliseconds(at('ws'))})`,
        reached: others.length < 2 && others.every((p99) => ours < p99) ? null : others.every((p99) => ours < p99),
      };
    },
  },
  {
    target: both(
      '無操作 1 セッションのメモリ: ブローカー / ゲートウェイ',
      'memory of one idle session, broker / gateway',
    ),
    limit: '≤ 120 / 160 KiB',
    scenario: 'soak',
    judge(report) {
      const idle = resultsOf(report, 'soak')[0]?.idleSessionKiB;
      if (!idle) return null;
      const measured = `${figure(idle.broker)} / ${figure(idle.gateway)} KiB`;
      return { measured, reached: idle.broker <= 120 && idle.gateway <= 160 };
    },
  },
  {
    target: both('1,000 同時セッションを 10 分', '1,000 concurrent sessions for 10 min'),
    limit: '失われない / none lost',
    scenario: 'soak',
    judge(report) {
      const soak = resultsOf(report, 'soak')[0];
      if (!soak) return null;
      const measured = `${whole(soak.sessions)} × ${whole(soak.seconds)} s, ${whole(soak.lost)} lost`;
      if (soak.lost > 0) return { measured, reached: false };
      // A shorter run proves nothing either way.
      return { measured, reached: soak.sessions >= 1_000 && soak.seconds >= 600 ? true : null };
    },
  },
  {
    target: both(
      '1 Gbps を 2 コアで（両中継とエージェントと端末）',
      '1 Gbps with agent, both relays and client on 2 cores',
    ),
    limit: '可能な限り / as near as possible',
    scenario: 'fill',
    judge(report) {
      const fill = singleAt(report, '1Gbps');
      return fill ? { measured: percent(fill.utilisation), reached: null, reason: fill.limitedBy ?? '' } : null;
    },
  },
];

/** @returns one line for each target, in their order */
export function judgeTargets(report: Report): Judged[] {
  return TARGETS.map(({ target, limit, scenario, judge }) => {
    const found = judge(report);
    if (!found) return { target, limit, measured: '–', verdict: 'not run', reason: whyNotRun(report, scenario) };
    const { measured, reached, reason = '' } = found;
    return { target, limit, measured, reason, verdict: reached === null ? 'told' : reached ? 'reached' : 'short' };
  });
}

const VERDICTS: Readonly<Record<Verdict, Both>> = {
  reached: both('達成', 'reached'),
  short: both('未達', 'fell short'),
  'not run': both('未実施', 'not run'),
  told: both('参考', 'told, not judged'),
};

export function targets(report: Report): Section {
  const heads = [
    both('目標', 'target'),
    both('値', 'limit'),
    both('実測', 'measured'),
    both('判定', 'verdict'),
    both('理由', 'reason'),
  ];
  const rows = judgeTargets(report).map(({ target, limit, measured, verdict, reason }) => [
    spoken(target),
    limit,
    measured,
    mark(verdict),
    reason,
  ]);
  return {
    id: 'targets',
    title: both('目標と結果', 'Targets, and what was reached'),
    body: [table(both('すべての目標', 'Every target'), heads, rows)],
  };
}

const mark = (verdict: Verdict): Markup =>
  html`<span class="verdict ${verdict.replace(' ', '-')}">${spoken(VERDICTS[verdict])}</span>`;

/** What the line may carry above the contract in the time of the run: the shaper's stated burst, saved up before it began. */
function burstShare({ tier: label, seconds }: FillResult): number {
  const tier = TIER_LABELS.find((one) => one === label);
  if (!tier) return 0;
  const contract = new Contract({ tier, municipalities: {}, others: { ceiling: 1 } });
  return contract.burstBytes / (contract.bytesPerSecond * seconds);
}

/** Each reason once, with the runs that it stood in the way of; what every process used stands with the runs themselves. */
function reasonsOf(short: readonly FillResult[]): string {
  const known = short.filter(({ limitedBy }) => limitedBy !== null);
  const byReason = Map.groupBy(known, ({ limitedBy }) => String(limitedBy).replace(/ \([^)]*\)/, ''));
  const runs = (some: readonly FillResult[]) => some.map(({ tier, sessions }) => `${tier} × ${sessions}`).join(', ');
  return [...byReason].map(([reason, some]) => `${reason}: ${runs(some)}`).join('; ');
}

/** The worst tier decides, and each that falls short says why. */
function everyFill(
  report: Report,
  of: (fill: FillResult) => number,
  holds: (share: number, fill: FillResult) => boolean,
) {
  const fills = fillsOf(report);
  if (fills.length === 0) return null;
  const short = fills.filter((fill) => !holds(of(fill), fill));
  const list = (some: readonly FillResult[]) =>
    some.map((fill) => `${fill.tier}${fill.sessions > 1 ? ` × ${fill.sessions}` : ''} ${percent(of(fill))}`).join(', ');
  return {
    measured:
      short.length > 0
        ? list(short)
        : `${percent(Math.min(...fills.map(of)))} – ${percent(Math.max(...fills.map(of)))}`,
    reached: short.length === 0,
    reason: reasonsOf(short),
  };
}

function added(of: { idleP99: number | null; fullP99: number | null } | undefined, most: number) {
  if (!of || of.idleP99 === null || of.fullP99 === null) return null;
  const more = of.fullP99 - of.idleP99;
  return {
    measured: `${figure(of.idleP99)} ${more < 0 ? '−' : '+'} ${figure(Math.abs(more))} ms`,
    reached: more <= most,
  };
}

/** With the greedy one, of all rounds: p95 without and with, and how long each process had no core. */
function waitsOf({ rounds }: GreedyResult): string {
  const pairs = rounds.map((round) => `${figure(round.without.p95)} → ${milliseconds(round.with.p95)}`).join(', ');
  const names = [...new Set(rounds.flatMap(({ processes }) => processes.map(({ name }) => name)))];
  const waits = names.flatMap((name) => {
    const shares = rounds.flatMap(({ processes }) => processes.filter((one) => one.name === name));
    const share = median(shares.map(({ waitShare }) => waitShare)) ?? 0;
    return share > 0 ? [`${name} ${percent(share)}`] : [];
  });
  return `${pairs}; waiting for a core: ${waits.join(', ')}`;
}

function atMost(value: number | null | undefined, most: number, written: (value: number) => string) {
  return value === null || value === undefined ? null : { measured: written(value), reached: value <= most };
}

function everyRatio(relay: RelayResult | undefined, id: string, loads: readonly string[], most: number) {
  const ratios = loads.flatMap((load) => {
    const ratio = relay?.ratios[load]?.[id];
    return typeof ratio === 'number' ? [{ load, ratio }] : [];
  });
  if (!relay || ratios.length === 0) return null;
  const openssl = (peer: string) => relay.peers.find((one) => one.id === peer)?.openssl ?? '?';
  return {
    measured: ratios.map(({ load, ratio }) => `${load} ${times(ratio)}`).join(', '),
    reached: ratios.every(({ ratio }) => ratio <= most),
    reason: [`OpenSSL ${openssl('us')} / ${openssl(id)}`, ...idleCore(relay, id, loads)].join('; '),
  };
}

/** A relay that waited for the source woke up more often for each byte than a saturated one does. */
function idleCore({ runs }: RelayResult, id: string, loads: readonly string[]): string[] {
  if (!loads.includes('saturated')) return [];
  const shares = ['us', id].map((peer) => {
    const all = runs.filter((run) => run.peer === peer && run.load === 'saturated');
    return all.some(({ generatorBound }) => generatorBound) ? median(all.map(({ cpuShare }) => cpuShare)) : null;
  });
  if (shares.every((share) => share === null)) return [];
  const written = shares.map((share) => (share === null ? '≥ 95 %' : percent(share)));
  return [`the source was the slower part: ${written.join(' / ')} of a core`];
}

function tiersBetween(least: number, most: number): string[] {
  return TIER_LABELS.filter((tier) => TIERS[tier].mbps >= least && TIERS[tier].mbps <= most);
}
