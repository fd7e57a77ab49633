// What a report says in a document: Markdown tables, by the names that the marks use.
import { TIERS, type TierLabel } from '#broker/tiers.ts';
import type { Report } from '../result.ts';
import { median } from '../statistics.ts';
import { conditionsOf, figuresOf } from './network.ts';
import { figure, milliseconds, percent, times, whole, yen } from './numbers.ts';
import { resultsOf, whyNotRun } from './section.ts';
import { judgeTargets, type Verdict } from './targets.ts';

/** @param later the reports that some of its scenarios were taken from */
type Quote = (report: Report, later: readonly Report[]) => string;

const VERDICTS: Readonly<Record<Verdict, string>> = {
  reached: 'reached',
  short: '**fell short**',
  'not run': 'not run',
  told: '–',
};

export const QUOTES: Readonly<Record<string, Quote>> = { machine, targets, fill, network, office, relay };

function machine(report: Report, later: readonly Report[]): string {
  const { cpu, cores, memoryGiB, kernel, node, openssl } = report.machine;
  return [
    `Measured ${runOf(report)}:`,
    ...later.map((one) => `${[...new Set(one.scenarios.map(({ scenario }) => scenario))].join(', ')} ${runOf(one)}:`),
    `${cpu}, ${cores} cores, ${whole(memoryGiB)} GiB, kernel ${kernel}, Node ${node}, OpenSSL ${openssl}.`,
  ].join('\n');
}

/** Where the report lies is nobody's business but this machine's. */
const runOf = ({ startedAt, seconds, command, commit }: Report): string =>
  `${startedAt.slice(0, 10)} in ${whole(seconds)} s by \`${command.replace(/ --out[ =]\S+/, '')}\`${commit ? ` at commit ${commit}` : ''}`;

function targets(report: Report): string {
  const rows = judgeTargets(report).map(({ target, limit, measured, verdict, reason }) => [
    target.en,
    limit,
    measured,
    VERDICTS[verdict],
    reason,
  ]);
  return markdown(['target', 'limit', 'measured', 'verdict', 'why'], rows);
}

function fill(report: Report): string {
  const rows = resultsOf(report, 'fill').map((one) => [
    one.tier,
    String(one.sessions),
    percent(one.utilisation),
    percent(one.goodputShare),
    `${milliseconds(one.keyRoundTripMs.idleP99)} → ${milliseconds(one.keyRoundTripMs.fullP99)}`,
    `${milliseconds(one.otherKeyRoundTripMs.idleP99)} → ${milliseconds(one.otherKeyRoundTripMs.fullP99)}`,
    milliseconds(one.stalenessP95Ms),
    one.jain === null ? '–' : one.jain.toFixed(4),
  ]);
  const heads = ['tier', 'sessions', 'line', 'screen', 'key p99, own', 'key p99, other', 'staleness p95', 'Jain'];
  return rows.length > 0 ? markdown(heads, rows) : `_${whyNotRun(report, 'fill')}_`;
}

function network(report: Report): string {
  const found = resultsOf(report, 'network')[0];
  if (!found) return `_${whyNotRun(report, 'network')}_`;
  const rows = found.lines.map((line) => [
    conditionsOf(line),
    ...(line.figures ? figuresOf(line.figures) : [`not run: ${line.missing}`, ...Array(4).fill('–')]),
  ]);
  return markdown(['line', 'full', 'key p50 / p95 / p99', 'staleness p95', 'kernel / ours', 'packets lost'], rows);
}

function office(report: Report): string {
  const rows = resultsOf(report, 'office').map(({ tier, sessions, boundedBy, limitMs }) => {
    const fees = TIERS[tier as TierLabel]?.yearlyYen;
    const each = (total: number | undefined) => yen(total === undefined || sessions === 0 ? null : total / sessions);
    const atLeast = boundedBy === 'latency' ? '' : '≥ ';
    return [
      tier,
      `${atLeast}${whole(sessions)}`,
      boundedBy === 'latency' ? `p95 passes ${limitMs} ms` : `the run (${boundedBy})`,
      each(fees?.totalOnePrefecture),
      each(fees?.totalManyPrefectures),
    ];
  });
  const heads = ['tier', 'office sessions', 'bounded by', 'yen a session and year, one prefecture', 'several'];
  return rows.length > 0 ? markdown(heads, rows) : `_${whyNotRun(report, 'office')}_`;
}

function relay(report: Report): string {
  const found = resultsOf(report, 'relay')[0];
  if (!found) return `_${whyNotRun(report, 'relay')}_`;
  const rows = found.peers.map(({ id, title, version, openssl, missing }) => {
    const rss = found.runs
      .filter(({ peer, load }) => peer === id && load === 'saturated')
      .map((run) => run.residentMiB);
    const probe = found.probeMs.saturated[id];
    return [
      missing === null ? title : `${title} (not measured: ${missing})`,
      version ?? '–',
      openssl ?? '–',
      figure(found.cpuSecondsPerGB[id]),
      times(found.ratios.saturated?.[id]),
      times(found.ratios['1Gbps']?.[id]),
      times(found.ratios['100Mbps']?.[id]),
      times(found.ratios['10Mbps']?.[id]),
      probe ? `${milliseconds(probe.p50)} / ${milliseconds(probe.p99)}` : '–',
      figure(median(rss)),
    ];
  });
  const heads = [
    'relay',
    'version',
    'OpenSSL',
    's/GB',
    'ours / it',
    'at 1 Gbps',
    'at 100 Mbps',
    'at 10 Mbps',
    'probe p50 / p99',
    'MiB',
  ];
  return markdown(heads, rows);
}

function markdown(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  // A bar would end the cell, and a comment would look like a mark.
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replace(/\s+/g, ' ');
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(heads), `|${' --- |'.repeat(heads.length)}`, ...rows.map(line)].join('\n');
}
