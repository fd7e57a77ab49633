// What the user's guide has to say: the conditions of the requirement I6, each refusal that a user may read, and words of the
// page as they are there.
import type { Said } from '../proof.ts';

/** The conditions under which municipalities may telework, as the quotation in requirement I6 has them, and the rest of that notice. */
export const CONDITIONS: readonly (Said & { readonly said: RegExp })[] = [
  { ja: '貸与端末を推奨', en: 'loaned devices recommended', said: /貸与端末を使います\(推奨\)/ },
  { ja: 'BYOD は例外', en: 'own devices by exception', said: /BYOD[^|]*例外/ },
  {
    ja: 'FAT 端末のデータ消去',
    en: 'local data of a FAT terminal erased before it leaves',
    said: /FAT 端末[^|]*持ち出す前[^|]*消去/,
  },
  { ja: 'プライバシーフィルター', en: 'privacy filter considered', said: /プライバシーフィルターの使用を検討/ },
  { ja: 'マイナンバー業務の禁止', en: 'no My Number work', said: /マイナンバー[^|]*業務には使いません/ },
  { ja: '画面転送だけ', en: 'screen transfer only', said: /画面転送だけ/ },
  {
    ja: 'クリップボードと印刷の禁止',
    en: 'no clipboard, no printing',
    said: /クリップボード、ファイル転送、印刷は使えません/,
  },
  { ja: '端末の利用者認証', en: 'authentication at the device', said: /起動時の利用者認証/ },
  { ja: 'パスワードの方針', en: 'a policy on passwords', said: /長さと文字の種類/ },
];

/** @returns the conditions, in English, that the guide does not have */
export function conditionsLacking(guide: string): string[] {
  return CONDITIONS.filter(({ said }) => !said.test(guide)).map(({ en }) => en);
}

/** @returns a line for each sentence of the table of codes that the guide lacks, and each that it has and the table has not */
export function messageDifferences(guide: string, codes: Readonly<Record<string, { readonly ja: string }>>): string[] {
  const section = guide.split(/^## /m).find((part) => part.includes('| 画面の文 | すること |')) ?? '';
  const said = [...section.matchAll(/^\| ([^|]+) \| [^|]+ \|$/gm)].map(([, sentence]) => (sentence as string).trim());
  const rows = said.filter((sentence) => sentence !== '画面の文' && !/^-+$/.test(sentence));
  const own = Object.entries(codes);
  return [
    ...own.filter(([, { ja }]) => !rows.includes(ja)).map(([code, { ja }]) => `lacks a row for ${code}: | ${ja} | … |`),
    ...rows.filter((row) => !own.some(([, { ja }]) => ja === row)).map((row) => `has a row besides: ${row}`),
  ];
}

/** Bold in the guide means: so it stands on the page. @returns the words that do not */
export function labelsLacking(guide: string, pages: string): string[] {
  const labels = [...guide.matchAll(/\*\*([^*\n]+)\*\*/g)].map(([, label]) => label as string);
  return [...new Set(labels)].filter((label) => !pages.includes(label));
}
