import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillBlocks, publish, readReport } from '#bench/report/publish.ts';
import { QUOTES } from '#bench/report/quotes.ts';
import { writeReport } from '#bench/report/write.ts';
import { sampleReport } from './sample.ts';

const block = (id: string, old = '') => `<!-- bench:${id} -->\n${old}<!-- /bench:${id} -->\n`;

describe('a report in its files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tw-report-'));
  const at = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  let json = '';
  beforeAll(() => {
    json = writeReport(folder, sampleReport()).json;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is written whole, as data and as a page, and read again as it was', () => {
    expect(readdirSync(folder).sort()).toEqual(['report.html', 'report.json']);
    expect(readReport(json)).toEqual(sampleReport());
  });

  it('is refused in one line when its folder cannot take it', () => {
    expect(() => writeReport(join(folder, 'nowhere'), sampleReport())).toThrow(/^cannot write .*nowhere/);
  });

  it('fills the marked blocks of a document and touches nothing else', () => {
    const document = at('doc.md', `# Title\n\n${block('targets', 'old\n')}\ntext\n\n${block('relay')}`);
    publish([json], [document]);
    const filled = readFileSync(document, 'utf8');
    expect(filled).toMatch(/^# Title\n\n<!-- bench:targets -->\n\| target \|/);
    expect(filled).toContain('<!-- /bench:targets -->\n\ntext\n');
    expect(filled).toContain('| nginx stream | 1.2.3 | 3.0.19 |');
    expect(filled).not.toContain('old');
    publish([json], [document]);
    expect(readFileSync(document, 'utf8')).toBe(filled);
  });

  it('takes a scenario from the last report that holds it, and says which run that was', () => {
    const document = at('later.md', block('machine') + block('targets'));
    const soak = sampleReport().scenarios.filter(({ scenario }) => scenario === 'soak');
    const longer = soak.map((one) => ({ ...one, sessions: 1_000, seconds: 612, lost: 0 }));
    const later = sampleReport({ scenarios: longer, command: 'npm run bench -- --scenario soak --out var/elsewhere' });
    publish([json, at('later.json', JSON.stringify(later))], [document]);
    const filled = readFileSync(document, 'utf8');
    expect(filled).toContain('1,000 × 612 s, 0 lost | reached');
    expect(filled).toMatch(/soak \d{4}-\d\d-\d\d in \d+ s by `npm run bench -- --scenario soak`/);
    expect(filled).toContain('| reached |'); // the other scenarios are still those of the first
  });

  it('has something to say under every name, also without a single scenario', () => {
    for (const id of Object.keys(QUOTES)) {
      for (const report of [sampleReport(), sampleReport({ scenarios: [] })]) {
        const filled = fillBlocks(block(id), report, 'doc.md');
        expect(filled.length).toBeGreaterThan(block(id).length);
        expect(filled).not.toMatch(/\bNaN\b|\bundefined\b|\bInfinity\b|\bnull\b/);
      }
    }
  });

  it('changes no document when one of them is at fault', () => {
    const good = at('good.md', block('fill'));
    for (const text of [
      'no marks',
      '<!-- bench:fill -->\n',
      block('constructor'),
      `${block('fill')}<!-- bench:relay -->`,
    ]) {
      expect(() => publish([json], [good, at('bad.md', text)])).toThrow(/bad\.md/);
    }
    expect(readFileSync(good, 'utf8')).toBe(block('fill'));
  });

  it('publishes no partial report, and nothing that is none', () => {
    const document = at('doc2.md', block('fill'));
    const partial = at('partial.json', JSON.stringify(sampleReport({ partial: 'stopped' })));
    expect(() => publish([partial], [document])).toThrow('a partial report is not published (stopped)');
    expect(() => publish([at('no.json', '{')], [document])).toThrow(/not a JSON file$/);
    expect(() => publish([at('other.json', '{"format":2}')], [document])).toThrow(
      /not a report of this version \(format/,
    );
    expect(() => publish([join(folder, 'absent.json')], [document])).toThrow(/absent\.json: cannot be read \(ENOENT\)/);
  });

  it('lets no text of a report end a cell or look like a mark', () => {
    const machine = { ...sampleReport().machine, cpu: 'a' };
    const report = sampleReport({
      machine,
      scenarios: [],
      notRun: [{ scenario: 'fill', because: 'a | b <!-- bench:x -->' }],
    });
    expect(fillBlocks(block('targets'), report, 'doc.md')).toContain('a \\| b &lt;!-- bench:x -->');
  });
});
