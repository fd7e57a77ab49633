// The statement about OWASP ASVS 5.0: which items there are, and whether each stands in it once.

/**
 * The items of the chapters that are answered one by one: how many each section has, by level in their order. From release
 * 5.0.0 of github.com/OWASP/ASVS (5.0/en).
 */
export const SECTIONS: Readonly<Record<string, string>> = {
  ...{ '6.1': '122', '6.2': '111111112222', '6.3': '11223333', '6.4': '112233' },
  ...{ '6.5': '22222333', '6.6': '2223', '6.7': '33', '6.8': '2222' },
  ...{ '7.1': '222', '7.2': '1111', '7.3': '22', '7.4': '11222', '7.5': '223', '7.6': '22' },
  ...{ '11.1': '2233', '11.2': '22233', '11.3': '11233', '11.4': '1222', '11.5': '23', '11.6': '23', '11.7': '33' },
  ...{ '12.1': '12233', '12.2': '11', '12.3': '22223' },
  ...{ '16.1': '2', '16.2': '22222', '16.3': '2222', '16.4': '222', '16.5': '2223' },
};
/** Answered in a line each. */
export const OTHER_CHAPTERS = ['V1', 'V2', 'V3', 'V4', 'V5', 'V8', 'V9', 'V10', 'V13', 'V14', 'V15', 'V17'];
export const VERDICTS = ['met', 'partly', 'not met', 'n/a'] as const;

export interface Item {
  readonly id: string;
  readonly level: string;
  readonly verdict: string;
  readonly how: string;
}

/** "6.1.1" → "1" */
export function levels(): Map<string, string> {
  const items = Object.entries(SECTIONS).flatMap(([section, levels]) =>
    [...levels].map((level, i) => [`${section}.${i + 1}`, level] as const),
  );
  return new Map(items);
}

export function itemsOf(statement: string): Item[] {
  const rows = statement.matchAll(/^\| (\d+\.\d+\.\d+) \| (\d) \| ([^|]+) \| ([^|]+) \|$/gm);
  return [...rows].map(([, id = '', level = '', verdict = '', how = '']) => ({ id, level, verdict, how }));
}

/** @returns a line for each item that is missing, there twice, unknown, of another level or verdict, or without a file behind "met" */
export function statementFaults(statement: string): string[] {
  const items = itemsOf(statement);
  const wanted = levels();
  const chapters = [...statement.matchAll(/^\| (V\d+) [^|]+ \| [^|]+ \|$/gm)].map(([, chapter]) => chapter as string);
  const counted = VERDICTS.map((verdict) => `${items.filter((item) => item.verdict === verdict).length} ${verdict}`);
  const sentence = `${items.length} items: ${counted.join(', ')}.`;
  return [
    ...[...wanted.keys()]
      .filter((id) => items.filter((item) => item.id === id).length !== 1)
      .map((id) => `${id}: not once`),
    ...items.filter(({ id }) => !wanted.has(id)).map(({ id }) => `${id}: no such item`),
    ...items.filter(({ id, level }) => wanted.get(id) !== level).map(({ id }) => `${id}: of another level`),
    ...items
      .filter(({ verdict }) => !(VERDICTS as readonly string[]).includes(verdict))
      .map(({ id }) => `${id}: no verdict`),
    ...items
      .filter(({ verdict, how }) => verdict === 'met' && !how.includes('`'))
      .map(({ id }) => `${id}: met, by what?`),
    ...(chapters.join() === OTHER_CHAPTERS.join() ? [] : [`the other chapters are ${chapters.join(', ')}`]),
    ...(statement.includes(sentence) ? [] : [`the count must read: ${sentence}`]),
  ];
}
