// Where does the CPU go?

import { both, type Markup } from '#lab/report/markup.ts';
import type { EncodeResult, FillResult, ProcessUse, Report } from '../result.ts';
import { barChart } from './chart.ts';
import { processColour } from './colours.ts';
import { figure, percent, whole } from './numbers.ts';
import { notRun, paragraph, resultsOf, type Section } from './section.ts';
import { table } from './table.ts';

export function cpu(report: Report): Section {
  const fills = resultsOf(report, 'fill').filter(({ sessions }) => sessions === 1);
  const encodes = resultsOf(report, 'encode');
  const body = [
    ...(fills.length > 0 ? ofFills(fills, report.machine.cores) : [notRun(report, 'fill')]),
    ...(encodes.length > 0 ? encodes.map(ofEncoder) : [notRun(report, 'encode')]),
  ];
  return { id: 'cpu', title: both('CPU は何に使われるか', 'Where does the CPU go?'), body };
}

const ROLES: Readonly<Record<string, string>> = {
  replay: 'エージェント / agents',
  load: '端末 / clients',
  link: '遅延 / delay',
};

const nameOf = (process: string) => ROLES[process] ?? process;

function ofFills(fills: readonly FillResult[], cores: number): Markup[] {
  const names = [...new Set(fills.flatMap(({ processes }) => processes.map(({ name }) => name)))];
  const of = (key: 'cpuShare' | 'waitShare') => (processes: readonly ProcessUse[], name: string) =>
    processes.filter((one) => one.name === name).reduce((sum, one) => sum + one[key], 0);
  const share = of('cpuShare');
  return [
    paragraph(
      both(
        '回線を満たす 1 セッションの間。エージェントと端末は記録された画面を再生し、符号化は含みません（下の表）。',
        'While one session fills the line. Agents and clients replay recorded screens; encoding is not in it and stands below.',
      ),
    ),
    barChart({
      title: both('満杯の回線でのコア使用', 'Cores in use at a full line'),
      description: both('数値は下の表にあります', 'the figures stand in the table below'),
      categories: fills.map(({ tier }) => tier),
      bars: names.map((name) => ({
        name: nameOf(name),
        colour: processColour(name),
        values: fills.map(({ processes }) => share(processes, name) * 100),
        stack: 'cpu',
      })),
      y: { name: '% コア / of a core', min: 0 },
      lines: [{ value: cores * 100, label: `${cores} コア / cores` }],
    }),
    table(
      both('プロセスごとのコア使用率', 'Share of a core by process'),
      [both('ティア', 'tier'), ...names.map((name) => both(nameOf(name), '')), both('計', 'in all')],
      fills.map(({ tier, processes }) => [
        tier,
        ...names.map((name) => percent(share(processes, name))),
        percent(processes.reduce((sum, one) => sum + one.cpuShare, 0)),
      ]),
    ),
    table(
      both(
        '走れるのにコアが空いていなかった時間（スレッドの合計）',
        'Time in which threads could have run and had no core (all threads of a process together)',
      ),
      [both('ティア', 'tier'), ...names.map((name) => both(nameOf(name), ''))],
      fills.map(({ tier, processes }) => [tier, ...names.map((name) => percent(of('waitShare')(processes, name)))]),
    ),
  ];
}

const ofEncoder = ({ workloads }: EncodeResult): Markup =>
  table(
    both('符号化の費用（実際の画面）', 'What encoding costs on real desktops'),
    [
      both('作業', 'workload'),
      both('デスクトップ', 'desktop'),
      both('kbit/s', ''),
      both('更新 / s', 'updates/s'),
      both('コア使用率', 'of a core'),
      both('更新の大きさ p50 / p99 (B)', 'update p50 / p99 (B)'),
    ],
    workloads.map((one) =>
      one.missing === null
        ? [
            one.workload,
            one.desktop,
            figure(one.kbitPerSecond),
            figure(one.updatesPerSecond),
            percent(one.cpuShare),
            `${whole(one.bytesPerUpdate.p50)} / ${whole(one.bytesPerUpdate.p99)}`,
          ]
        : [one.workload, one.desktop, `未測定 / not measured: ${one.missing}`, null, null, null],
    ),
  );
