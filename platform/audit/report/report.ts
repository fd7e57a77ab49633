// The auditor's report: six tables from logs that verify, and from nothing else.
import { Failure } from '../../process/exit.ts';
import type { Anchor } from '../chain.ts';
import type { NamedLog } from '../reading.ts';
import { type Verdict, verifyLog } from '../verify.ts';
import { IncidentReport } from './incidents.ts';
import { SessionReport } from './sessions.ts';
import { japanTime, type Table, zoneName } from './table.ts';

export interface ReportOptions {
  /** The time asked for, ms since 1970; `to` is not in it any more. */
  readonly from: number;
  readonly to: number;
  /** One municipality's events only, and none that name no municipality. */
  readonly municipality: string | null;
  readonly anchors: readonly Anchor[];
}

const logColumns = {
  source: '記録元',
  verified: '検証',
  first: '最初の記録（日本時間）',
  last: '最後の記録（日本時間）',
  events: '記録数',
  lost: '書き込めなかった記録',
  tail: '末尾の証明',
} as const;

/** File name → table. */
export type Report = Readonly<Record<'logs' | 'sessions' | 'days' | 'failures' | 'revocations' | 'policies', Table>>;

/**
 * @param logs each all files of one log
 * @throws Failure naming a log that does not verify: no report is made of it, nor without it
 */
export async function makeReport(logs: readonly NamedLog[], options: ReportOptions): Promise<Report> {
  const { from, to, municipality, anchors } = options;
  const isWanted = (at: number, of: string | null) =>
    from <= at && at < to && (municipality === null || of === municipality);
  const sessions = new SessionReport(isWanted);
  const incidents = new IncidentReport(isWanted);
  const verdicts: Verdict[] = [];
  for (const { files, whole } of logs) {
    const verdict = await verifyLog(files, {
      ...{ anchors, whole },
      onLine(line) {
        sessions.add(line);
        incidents.add(line);
      },
    });
    const [problem] = verdict.problems;
    if (problem) {
      throw new Failure(
        `${problem.file}: changed (line ${problem.line}: ${problem.problem}); no report is made of a log that does not verify`,
      );
    }
    verdicts.push(verdict);
  }
  return {
    logs: { columns: logColumns, rows: verdicts.map(logRow) },
    sessions: sessions.sessions(),
    days: sessions.days(),
    failures: incidents.failures(),
    revocations: incidents.revocations(),
    policies: incidents.policies(),
  };
}

function logRow({ source, firstTime, lastTime, events, lost, anchored }: Verdict) {
  const time = (iso: string | null) => (iso === null ? null : japanTime(Date.parse(iso)));
  return {
    ...{ source: zoneName(source ?? ''), verified: '改ざんなし', first: time(firstTime), last: time(lastTime) },
    ...{ events, lost, tail: anchored === null ? '証明できません' : `記録 ${anchored} まで` },
  };
}
