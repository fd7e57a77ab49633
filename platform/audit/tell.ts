// What `npm run audit` says to a person, in Japanese and English.
import { oneLine } from '../process/terminal.ts';
import type { Finding } from './compare.ts';
import type { Verdict } from './verify.ts';

const BEFORE = {
  archived: 'それより前は書庫へ移動済み / what came before was moved to the archive',
  removed: 'それより前は保存期間を過ぎて削除済み / what came before was removed after its time',
  unsaid: 'それより前のファイルは渡されていません / the files before it were not given',
} as const;

const KINDS: Readonly<Record<Finding['kind'], string>> = {
  hidden: '隠されたセッション / hidden session',
  differs: '記録の食い違い / the logs name different users or desktops',
  outlived: '終了時刻の食い違い / the logs say ends that lie apart',
  undecided: '判定できません（記録の範囲外） / cannot be told: at the edge of what a log covers',
};

export function tellVerdict(names: readonly string[], verdict: Verdict): string {
  const { events, source, firstTime, lastTime, lost, before, signed, anchored, problems } = verdict;
  const [name = '?'] = names;
  const files = names.length > 1 ? `${name} … (${names.length} files)` : name;
  const about = `${files}: ${source ?? '?'}, ${events} events, ${firstTime ?? '?'} – ${lastTime ?? '?'}`;
  const lines = verdict.intact
    ? [`改ざんは見つかりません / intact: ${about}`]
    : [
        `改ざんを検出しました / CHANGED: ${about}`,
        ...problems.map(
          ({ file, line, problem }) => `  ${names.length > 1 ? `${file}, ` : ''}line ${line}: ${problem}`,
        ),
      ];
  if (before)
    lines.push(
      `記録 ${before.sequence + 1} から / from event ${before.sequence + 1} on: ${BEFORE[before.said ?? 'unsaid']}`,
    );
  if (lost > 0) lines.push(`書き込めなかった記録 / events that could not be written: ${lost}`);
  lines.push(
    signed === null
      ? '署名なし / not signed'
      : `署名の検証 / signed: from event ${signed.since} up to event ${signed.last}; what follows it is not signed yet`,
    anchored === null
      ? '末尾の欠落は証明できません / tail not provable (no anchor of this log was given)'
      : `末尾の証明 / anchored up to event ${anchored}; what follows it is not provable`,
  );
  return lines.map(oneLine).join('\n');
}

export function tellComparison(
  sessions: number,
  findings: readonly Finding[],
  logs: readonly (Verdict & { path: string })[],
): string {
  const changed = logs.filter(({ intact }) => !intact).map(({ path }) => `改ざんを検出しました / CHANGED: ${path}`);
  const lines = findings.map(({ kind, session, in: zones, missing, from, to, whose }) => {
    const who = [whose.user, whose.desktop].filter(Boolean).join(' → ');
    const not = missing.length > 0 ? `; 記録なし / not in: ${missing.join(', ')}` : '';
    return `${KINDS[kind]}: ${session} ${who}, ${from} – ${to ?? '?'}; 記録あり / in: ${zones.join(', ')}${not}`;
  });
  const isFine = findings.every(({ kind }) => kind === 'undecided');
  const first = isFine
    ? `隠されたセッションは見つかりません / no hidden session: ${sessions} sessions compared`
    : `記録が一致しません / the logs do not fit together: ${sessions} sessions compared`;
  return [...changed, first, ...lines].map(oneLine).join('\n');
}
