// What the list shows. Every name, place and number is invented and says so: 見本, 架空, 例示, 仮名, 試験.

export interface ListEntry {
  readonly number: string;
  readonly date: string;
  readonly name: string;
  readonly kind: string;
  readonly place: string;
  readonly state: '受付' | '審査中' | '完了';
}

const FAMILY = ['見本', '架空', '例示', '仮名', '試験', '想像', '空想', '練習'];
const GIVEN = ['太郎', '花子', '一郎', '次郎', '三奈', '四季', '五月', '六花', '七海', '八重', '九助'];
const KINDS = ['転入', '転出', '転居', '世帯変更', '世帯主変更'];
const PLACES = [
  '架空県見本市中央一丁目',
  '架空県例示町大字仮名',
  '見本市試験台二丁目',
  '空想県想像村字練習',
  '見本市架空通り五番',
];
const STATES = ['完了', '完了', '審査中', '受付'] as const;

const pick = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

export const ENTRIES: readonly ListEntry[] = Array.from({ length: 240 }, (_, i) => ({
  number: `R08-${String(i + 1).padStart(4, '0')}`,
  date: `令和8年${1 + Math.floor(i / 24)}月${1 + Math.floor((i % 24) * 1.15)}日`,
  name: `${pick(FAMILY, i * 3)} ${pick(GIVEN, i * 7)}`,
  kind: pick(KINDS, i * 2 + Math.floor(i / 5)),
  place: pick(PLACES, i * 3 + Math.floor(i / 7)),
  state: i > 200 ? pick(STATES, i * 3 + 2) : '完了',
}));

export interface Column {
  readonly title: string;
  readonly key: keyof ListEntry;
  /** Share of the row's width; all shares add up to 100. */
  readonly share: number;
}

export const COLUMNS: readonly Column[] = [
  { title: '受付番号', key: 'number', share: 15 },
  { title: '届出日', key: 'date', share: 19 },
  { title: '氏名', key: 'name', share: 15 },
  { title: '異動区分', key: 'kind', share: 14 },
  { title: '新住所', key: 'place', share: 27 },
  { title: '状態', key: 'state', share: 10 },
];
