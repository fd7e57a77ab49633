// J3 and I6: the papers are there, and what they say is so.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#lab/process.ts';
import { CODES } from '#protocol/codes.ts';
import type { Judgement, Proof } from '../proof.ts';
import { REQUIREMENTS } from '../requirements.ts';
import { statementFaults } from './asvs.ts';
import { areasOf, checklistFaults } from './checklist.ts';
import { missingIn, namedIn, readDocuments, TEMPLATES } from './documents.ts';
import { differences, drawn, readConfigured, tabled } from './endpoints.ts';
import { CONDITIONS, conditionsLacking, labelsLacking, messageDifferences } from './guide.ts';
import { readUsages } from './usages.ts';
import { verdict } from './verdict.ts';

/** What J3 asks for, each under its Japanese name in a document's title. */
export const WANTED = [
  '利用約款',
  '利用手引書',
  'ネットワーク構成図',
  '通信要件表',
  '責任分界',
  'インシデント対応手順',
  '監査チェックリスト',
];

export interface PapersSeen {
  readonly titles: readonly string[];
  /** What was found wrong, a line each, by what was looked at. */
  readonly faults: Readonly<Record<string, readonly string[]>>;
  /** The same looks at papers that are wrong on purpose: each must have found something. */
  readonly control: Readonly<Record<string, readonly string[]>>;
}

/** A paper in which everything that is named is not there. */
const CONTROL = '証跡 J9、`npm run audit -- forge`、`gateway/nowhere.ts`、[x](nowhere.md)';

/** @returns every fault of the papers as they lie in the tree */
export async function lookAtPapers(root: string): Promise<PapersSeen> {
  const templates = readDocuments(root, TEMPLATES);
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const others = ['docs/vulnerability-handling.md', 'docs/threat-model.md', 'docs/asvs.md', 'deploy/offline.md'];
  const documents = new Map([...templates, ...others.map((path) => [path, read(path)] as const)]);
  const commands = [...documents.values(), CONTROL].flatMap((text) =>
    namedIn(text).commands.map(({ script }) => script),
  );
  const known = { root, rows: new Set(Object.keys(REQUIREMENTS)), usages: await readUsages(root, new Set(commands)) };
  const paper = (name: string) => templates.get(`${TEMPLATES}/${name}.md`) ?? '';
  const configured = readConfigured(root);
  const drawing = read(`${TEMPLATES}/network-diagram.svg`);
  const pages = readPageTexts(root);
  const unsaid = (text: string) =>
    [...configured.sockets, ...configured.loopback.map((address) => address.replace(':', ' の TCP '))]
      .filter((place) => !text.includes(place))
      .map((place) => `table: lacks ${place}`);
  const guide = paper('user-guide');
  const checklist = paper('audit-checklist');
  const statement = read('docs/asvs.md');
  return {
    titles: [...templates.values()].map((text) => text.split('\n')[0] as string),
    faults: {
      names: [...documents].flatMap(([path, text]) => missingIn(path, text, known)),
      endpoints: [
        ...differences('table', tabled(paper('communications')), configured.reachable),
        ...differences('drawing', drawn(drawing), configured.reachable),
        ...unsaid(paper('communications')),
      ],
      guide: [...messageDifferences(guide, CODES), ...labelsLacking(guide, pages)],
      checklist: checklistFaults(areasOf(checklist)),
      statement: statementFaults(statement),
    },
    control: {
      names: missingIn('made-up.md', CONTROL, known),
      endpoints: differences(
        'table',
        tabled(paper('communications').replace('TCP 8443', 'TCP 8444')),
        configured.reachable,
      ),
      guide: [
        ...messageDifferences(guide.replace(CODES.IDLE.ja, ''), CODES),
        ...labelsLacking('**どこにもない**', pages),
      ],
      checklist: checklistFaults(areasOf(checklist.replace('## 3 ', '## 9 '))),
      statement: statementFaults(statement.replace('| 6.1.1 |', '| 6.1.9 |')),
    },
  };
}

function readPageTexts(root: string): string {
  const folders = ['web/app/texts', 'web/app/desktop'];
  return folders
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((path) => path.endsWith('texts.ts') || path.includes('/texts/'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

export const papers: Proof<PapersSeen> = {
  name: 'j3-papers',
  requirements: ['J3'],
  claim: {
    ja: '提供に必要な文書のひな形があり、書かれた番号・コマンド・アドレス・文言がこの版と一致する',
    en: 'the templates that a provider needs are there, and the rows, commands, addresses and words in them are those of this version',
  },
  tried: {
    ja: 'ひな形と ASVS の表を読み、名前のあるものを一つずつ探した。通信要件表と構成図は deploy/ の設定と、手引書の文はプログラムの文言と比べた',
    en: 'read the templates and the ASVS statement and looked for each thing named; compared table and drawing with deploy/, and the guide with the texts of the program',
  },
  needs: [],
  collect: () => lookAtPapers(ROOT),
  judge: judgePapers,
};

export function judgePapers({ titles, faults, control }: PapersSeen): Judgement {
  const blind = Object.entries(control).filter(([look, found]) => found.length < (look === 'names' ? 4 : 1));
  const wrong = [
    ...WANTED.filter((name) => !titles.some((title) => title.includes(name))).map((name) => `no ${name}`),
    ...Object.values(faults).flat(),
    ...blind.map(([look]) => `the look at ${look} finds nothing wrong in a paper that is`),
  ];
  return verdict(wrong, {
    ja: `${titles.length} 文書、食い違いなし`,
    en: `${titles.length} documents, nothing in them that is not so`,
  });
}

export interface GuideSeen {
  /** Those that the guide lacks. */
  readonly lacking: readonly string[];
  /** Those found lacking in a guide without one of them. */
  readonly control: readonly string[];
}

export function lookAtGuide(guide: string): GuideSeen {
  return { lacking: conditionsLacking(guide), control: conditionsLacking(guide.replaceAll('マイナンバー', '')) };
}

export const guideConditions: Proof<GuideSeen> = {
  name: 'i6-guide',
  requirements: ['I6'],
  claim: {
    ja: '利用手引書に、テレワークの条件がすべて書かれている',
    en: 'the user guide states every condition of telework',
  },
  tried: {
    ja: `ひな形の利用手引書に ${CONDITIONS.length} の条件を探した: ${CONDITIONS.map(({ ja }) => ja).join('、')}`,
    en: `looked for ${CONDITIONS.length} conditions in the template of the guide: ${CONDITIONS.map(({ en }) => en).join(', ')}`,
  },
  needs: [],
  collect: async () => lookAtGuide(readFileSync(join(ROOT, TEMPLATES, 'user-guide.md'), 'utf8')),
  judge({ lacking, control }) {
    const wrong = control.length > 0 ? lacking : [...lacking, 'the search finds each condition in a guide without it'];
    return verdict(wrong, {
      ja: `${CONDITIONS.length} の条件がすべてある。守らせるのは団体と事業者の役目`,
      en: `all ${CONDITIONS.length} are there; to have them kept is the municipality's and the provider's part`,
    });
  },
};
