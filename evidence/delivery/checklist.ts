// The audit checklist: eight areas in their order, and for each question either how the system shows it or that it cannot.
export const AREAS = [
  '組織体制',
  '情報資産の分類と管理',
  '物理的な対策',
  '人的な対策',
  '技術的な対策',
  '運用',
  '外部委託・クラウドサービスの利用',
  '評価と見直し',
];

export interface Area {
  readonly title: string;
  readonly questions: number;
  /** Questions that name neither a row of this report, a command, a document, nor that the system cannot show it. */
  readonly unanswered: readonly string[];
}

export function areasOf(checklist: string): Area[] {
  const parts = checklist.split(/^## /m).slice(1);
  return parts.map((part) => {
    const rows = [...part.matchAll(/^\| ([^|]+) \| ([^|]+) \| 〔　〕 \| ☐ \|$/gm)];
    return {
      title: part.split('\n')[0] as string,
      questions: rows.length,
      unanswered: rows.filter(([, , how]) => !isAnswer(how as string)).map(([, question]) => question as string),
    };
  });
}

const isAnswer = (how: string) => /証跡 [A-J]\d|`npm run |示せない|\]\(|`[\w./-]+`/.test(how);

/** @returns a line for each area that is missing, out of place, empty or has a question without an answer */
export function checklistFaults(areas: readonly Area[]): string[] {
  const titles = areas.map(({ title }) => title);
  const wanted = AREAS.map((area, i) => `${i + 1} ${area}`);
  return [
    ...(titles.join() === wanted.join() ? [] : [`the areas are ${titles.join(', ')}`]),
    ...areas.filter(({ questions }) => questions === 0).map(({ title }) => `${title}: no question`),
    ...areas.flatMap(({ title, unanswered }) => unanswered.map((question) => `${title}: ${question}: no answer`)),
  ];
}
