// What a run prints: one object for a script, a few lines for a person. Everything else stands in the report.
import type { FillResult, NetworkResult, Report, ScenarioResult } from './result.ts';

/**
 * The result of a single scenario as one object. Several results of one scenario become `results`; the runs of one tier
 * become one, whose figures are those of the single session that fills the line and whose fairness is of many.
 */
export function single(results: readonly ScenarioResult[]): unknown {
  const [first] = results;
  if (!first) return null;
  const fills = results.filter((result) => result.scenario === 'fill');
  if (fills.length === results.length && fills.every(({ tier }) => tier === fills[0]?.tier)) return oneTier(fills);
  return results.length === 1 ? first : { scenario: first.scenario, results };
}

function oneTier(fills: readonly FillResult[]): unknown {
  const bySessions = fills.toSorted((a, b) => a.sessions - b.sessions);
  const [fewest, most] = [bySessions[0], bySessions.at(-1)];
  return { ...fewest, jain: most?.jain ?? null, runs: fills };
}

/** @param files of the report */
export function headline(report: Report, files: readonly string[]): string {
  const lines = report.scenarios.map(lineOf);
  const missing = report.notRun.map(
    ({ scenario, because }) => `${scenario}: 測定できませんでした / not run: ${because}`,
  );
  return `${[...lines, ...missing, ...files].join('\n')}\n`;
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const ms = (value: number | null) => (value === null ? '-' : `${value.toFixed(1)} ms`);

function lineOf(result: ScenarioResult): string {
  switch (result.scenario) {
    case 'fill': {
      const { tier, sessions, utilisation, keyRoundTripMs, stalenessP95Ms, jain } = result;
      const fair = jain === null ? '' : `, Jain ${jain.toFixed(4)}`;
      const keys = `keys p99 ${ms(keyRoundTripMs.idleP99)} idle, ${ms(keyRoundTripMs.fullP99)} full`;
      return `fill ${tier} × ${sessions}: ${percent(utilisation)} full, ${keys}, frames p95 ${ms(stalenessP95Ms)}${fair}`;
    }
    case 'office':
      return `office ${result.tier}: ${result.sessions} sessions (bounded by ${result.boundedBy})`;
    case 'greedy':
      return `greedy ${result.tier}: ${result.officeSessions} office sessions, p95 without and with ${result.rounds.map((round) => `${ms(round.without.p95)} ${ms(round.with.p95)}`).join(', ')}`;
    case 'step':
      return `step ${result.tiers.join(' → ')}: regained after ${ms(result.regainedMs)}, settled after ${ms(result.settledMs)}`;
    case 'morning':
      return `morning: ${result.users} users in ${result.withinSeconds} s, sign-in p95 ${ms(result.signInMs.p95)}, open p95 ${ms(result.openMs.p95)}, ${result.failed} failed`;
    case 'slow-reader':
      return `slow reader: ${result.inFlightMaxBytes} bytes under way of a window of ${result.windowBytes}; beside it p99 ${ms(result.otherBefore.p99)} before, ${ms(result.otherDuring.p99)} during`;
    case 'network':
      return `network ${result.mbps} Mbps: ${result.lines.map(ofLine).join('; ')}`;
    case 'relay':
      return `relay, CPU s/GB: ${Object.entries(result.cpuSecondsPerGB)
        .map(([peer, seconds]) => `${peer} ${seconds?.toFixed(2) ?? '-'}`)
        .join(', ')}`;
    case 'soak':
      return `soak: ${result.sessions} sessions for ${result.seconds} s, ${result.lost} lost; idle session ${result.idleSessionKiB.broker.toFixed(0)} KiB broker, ${result.idleSessionKiB.gateway.toFixed(0)} KiB gateway`;
    case 'encode':
      return `encode: ${result.workloads.map(({ workload, kbitPerSecond, cpuShare }) => `${workload} ${kbitPerSecond.toFixed(0)} kbit/s ${percent(cpuShare)} CPU`).join(', ')}`;
    case 'target':
      return `${result.url}: ${result.users} users, open p95 ${ms(result.openMs.p95)}, whole screens p95 ${ms(result.refreshMs.p95)}, ${result.lost} lost`;
  }
}

function ofLine({ rate, lostPerMille, missing, figures }: NetworkResult['lines'][number]): string {
  const name = lostPerMille === 0 ? rate : `${lostPerMille / 10} % lost`;
  if (!figures) return `${name} not run (${missing})`;
  const { utilisation, keyRoundTripMs, stalenessMs, ratio } = figures;
  const counted = `kernel / ours ${ratio?.toFixed(4) ?? '-'}`;
  return `${name} ${percent(utilisation)} full, keys p99 ${ms(keyRoundTripMs.p99)}, frames p95 ${ms(stalenessMs.p95)}, ${counted}`;
}
