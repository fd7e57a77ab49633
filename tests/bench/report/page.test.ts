import { describe, expect, it } from 'vitest';
import { renderReport } from '#bench/report/page.ts';
import { reportSchema } from '#bench/result.ts';
import { SCENARIOS, sampleReport } from './sample.ts';

const whole = renderReport(sampleReport());

describe('the page of a report', () => {
  it('is made of a report as the schema has it', () => {
    reportSchema.parse(sampleReport());
  });

  it('needs nothing from any other origin and runs nothing', () => {
    const urls = whole.match(/\bhttps?:\/\/[^\s"'<)]+/g) ?? [];
    // Names of XML, which nobody fetches.
    expect(new Set(urls)).toEqual(new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']));
    expect(whole).not.toMatch(/<script|<link|<img|<iframe|@import|url\((?!#)|\son\w+=/i);
    expect(whole).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('answers every question, in their order, in Japanese and in English', () => {
    const order = [
      'targets',
      'fullness',
      'lateness',
      'network',
      'fairness',
      'sessions',
      'relay',
      'cpu',
      'endurance',
      'machine',
    ];
    expect([...whole.matchAll(/<section id="([a-z]+)">/g)].map(([, id]) => id)).toEqual(order);
    for (const [, heading] of whole.matchAll(/<h2>(.*?)<\/h2>/gs)) {
      expect(heading).toContain('<span lang="ja">');
      expect(heading).toContain('<span class="en" lang="en">');
    }
  });

  it('gives every plot words for who cannot see it, and a table in the same section', () => {
    const sections = whole.split('<section ').slice(1);
    for (const section of sections.filter((one) => one.includes('<figure>'))) expect(section).toContain('<table>');
    const plots = whole.match(/<div role="img" aria-label="[^"]{5,}"><svg/g) ?? [];
    expect(plots.length).toBe((whole.match(/<figure>/g) ?? []).length);
    expect(plots.length).toBeGreaterThan(12);
  });

  it('holds no figure that is none', () => {
    expect(whole).not.toMatch(/\bNaN\b|\bundefined\b|\bInfinity\b|\bnull\b/);
  });

  it('says first that it is partial, and why', () => {
    const page = renderReport(sampleReport({ partial: 'office: <stopped>' }));
    expect(page).toContain('このレポートは途中までです');
    expect(page).toContain('office: &lt;stopped&gt;');
    expect(page.indexOf('office: &lt;stopped&gt;')).toBeLessThan(page.indexOf('<nav'));
    expect(whole).not.toContain('class="partial"');
  });

  it('shows what was not run with its reason, and what nobody asked for as such', () => {
    const notRun = [{ scenario: 'relay', because: 'needs the accounting of Linux' }];
    const page = renderReport(sampleReport({ scenarios: [], notRun }));
    reportSchema.parse(sampleReport({ scenarios: [], notRun }));
    expect(page.match(/class="not-run">/g)?.length).toBeGreaterThanOrEqual(9);
    expect(page).toContain('needs the accounting of Linux');
    expect(page).toContain('fill: この実行に含まれない / was not part of this run');
    expect(page).not.toContain('<figure>');
    expect(page).not.toMatch(/\bNaN\b|\bundefined\b|\bInfinity\b/);
  });

  it('stands with any single scenario of it', () => {
    for (const one of SCENARIOS) {
      expect(renderReport(sampleReport({ scenarios: [one] }))).not.toMatch(/\bNaN\b|\bundefined\b|\bInfinity\b/);
    }
  });
});
