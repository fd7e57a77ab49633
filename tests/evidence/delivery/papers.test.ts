import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { areasOf, checklistFaults } from '#evidence/delivery/checklist.ts';
import { missingIn, namedIn } from '#evidence/delivery/documents.ts';
import { differences, endpointsOf, tabled } from '#evidence/delivery/endpoints.ts';
import { CONDITIONS, conditionsLacking, labelsLacking, messageDifferences } from '#evidence/delivery/guide.ts';
import { guideConditions, judgePapers, lookAtGuide, lookAtPapers, type PapersSeen } from '#evidence/delivery/papers.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('the papers of this version', () => {
  let seen: PapersSeen;
  beforeAll(async () => {
    seen = await lookAtPapers(ROOT);
  }, 60_000);

  it.each(['names', 'endpoints', 'guide', 'checklist', 'statement'])('have nothing wrong in: %s', (look) => {
    expect(seen.faults[look]).toEqual([]);
  });

  it('have every condition of telework', () => {
    expect(lookAtGuide(read('docs/templates/user-guide.md')).lacking).toEqual([]);
  });

  it('pass their own judges, and would be found out', () => {
    expect(judgePapers(seen).result).toBe('pass');
    expect(guideConditions.judge(lookAtGuide(read('docs/templates/user-guide.md'))).result).toBe('pass');
    for (const [look, found] of Object.entries(seen.control)) expect(found, look).not.toEqual([]);
  });

  it('say in each template that a provider has to fill it in', () => {
    for (const name of ['terms-of-use', 'user-guide', 'network-diagram', 'communications', 'responsibilities']) {
      expect(read(`docs/templates/${name}.md`), name).toMatch(/〔.+〕/);
    }
  });
});

describe('the judge of the papers', () => {
  const good: PapersSeen = {
    titles: [
      '# 利用約款',
      '# 利用手引書',
      '# ネットワーク構成図',
      '# 通信要件表',
      '# 責任分界',
      '# インシデント対応手順',
      '# 監査チェックリスト',
    ],
    faults: { names: [], endpoints: [] },
    control: { names: ['row', 'file', 'link', 'command'] },
  };

  it('passes papers without a fault', () => {
    expect(judgePapers(good).result).toBe('pass');
    expect(guideConditions.judge({ lacking: [], control: ['no My Number work'] }).result).toBe('pass');
  });

  it.each<[string, Partial<PapersSeen>]>([
    ['a paper is missing', { titles: good.titles.slice(1) }],
    ['a name leads nowhere', { faults: { names: ['x.md: row K9'] } }],
    ['the look itself is blind', { control: { ...good.control, names: ['row', 'file', 'link'] } }],
  ])('fails when %s', (_, bad) => {
    expect(judgePapers({ ...good, ...bad }).result).toBe('fail');
  });

  it('fails a guide without a condition, and a search that would not notice', () => {
    expect(guideConditions.judge({ lacking: ['no My Number work'], control: ['no My Number work'] }).result).toBe(
      'fail',
    );
    expect(guideConditions.judge({ lacking: [], control: [] }).result).toBe('fail');
  });
});

describe('what a document names', () => {
  const known = {
    root: ROOT,
    rows: new Set(['C1', 'C2']),
    usages: new Map([['audit', 'npm run audit -- verify FILE [--json]']]),
  };

  it('is found: rows, files, links, commands', () => {
    const text =
      '証跡 C1、C2。`npm run audit -- verify FILE --json`、`gateway/main.ts`、`state/admin.sock`、[x](../a.md)、`--only C1,C9`';
    expect(namedIn(text)).toEqual({
      rows: ['C1', 'C2', 'C9'],
      files: ['gateway/main.ts'],
      links: ['../a.md'],
      commands: [{ script: 'audit', words: ['verify', '--json'] }],
    });
  });

  it.each([
    ['a row', '証跡 C7', 'row C7'],
    ['a file', '`gateway/nowhere.ts`', 'file gateway/nowhere.ts'],
    ['a link', '[x](nowhere.md)', 'link nowhere.md'],
    ['a command', '`npm run forge`', 'command npm run forge'],
    ['a word of a command', '`npm run audit -- forge FILE`', 'command npm run audit -- forge'],
  ])('is told when it is not there: %s', (_, text, line) => {
    expect(missingIn('docs/x.md', text, known)).toEqual([`docs/x.md: ${line}`]);
  });

  it('may be what is there', () => {
    expect(
      missingIn('docs/x.md', '証跡 C1、`gateway/main.ts`、`broker.json`、`npm run audit -- verify FILE`', known),
    ).toEqual([]);
  });
});

describe('addresses', () => {
  it('are found wherever a configuration has a host and a port', () => {
    const configured = endpointsOf([
      {
        a: { listen: { host: '192.0.2.1', port: 443 } },
        metrics: { host: '127.0.0.1', port: 9464 },
        socket: 'state/x.sock',
      },
      { deeper: [{ host: 'log.example.jp', port: 6514 }], broker: { url: 'wss://b.example.jp' } },
    ]);
    expect(configured).toEqual({
      reachable: ['192.0.2.1:443', 'log.example.jp:6514'],
      loopback: ['127.0.0.1:9464'],
      sockets: ['state/x.sock'],
      dialled: ['wss://b.example.jp'],
    });
  });

  it('must stand in the table, each and no others', () => {
    const table = '| 1 | a | b | 192.0.2.1 | TCP 443 | HTTPS |\n| 2 | a | b | 192.0.2.1 | TCP 80 | HTTP |';
    expect(differences('table', tabled(table), ['192.0.2.1:443', '192.0.2.9:443'])).toEqual([
      'table: lacks 192.0.2.9:443',
      'table: has 192.0.2.1:80 besides',
    ]);
  });
});

describe('the guide', () => {
  it.each(CONDITIONS)('would be found out without: $en', ({ en, said }) => {
    const guide = read('docs/templates/user-guide.md');
    expect(conditionsLacking(guide.replace(new RegExp(said.source, 'g'), ''))).toContain(en);
  });

  it('must have each sentence of the table of codes, and no other', () => {
    const guide = '## 4\n\n| 画面の文 | すること |\n|---|---|\n| はい。 | a |\n| いいえ。 | b |\n';
    const codes = { YES: { ja: 'はい。' }, MAYBE: { ja: 'たぶん。' } };
    expect(messageDifferences(guide, codes)).toEqual([
      'lacks a row for MAYBE: | たぶん。 | … |',
      'has a row besides: いいえ。',
    ]);
  });

  it('must quote the page as it is', () => {
    expect(labelsLacking('**開く**を押し、**閉める**を押す', "ja: '開く'")).toEqual(['閉める']);
  });
});

describe('the checklist', () => {
  const text = read('docs/templates/audit-checklist.md');

  it.each([
    ['an area is missing', text.replace(/^## 3 [\s\S]*?(?=^## 4 )/m, ''), /the areas are/],
    ['an area is empty', text.replace(/(## 4 [^\n]*\n)[\s\S]*?(?=^## 5 )/m, '$1\n'), /4 人的な対策: no question/],
    ['a question has no answer', text.replace('証跡 E8 |', 'あります |'), /no answer/],
  ])('is found out when %s', (_, broken, line) => {
    expect(checklistFaults(areasOf(broken)).join('\n')).toMatch(line);
  });
});
