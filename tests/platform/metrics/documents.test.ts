// The closed list, the page about it and the dashboard: three places that must say the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { METRICS, type MetricRow, NODE_METRICS } from '#platform/metrics/table.ts';

const DOCS = join(import.meta.dirname, '../../../docs');
const page = readFileSync(join(DOCS, 'metrics.md'), 'utf8');
const rows: Record<string, MetricRow> = METRICS;

const target = z.object({ expr: z.string(), refId: z.string(), legendFormat: z.string().min(1) });
const panel = z.object({
  id: z.int(),
  type: z.string(),
  title: z.string().regex(/\P{ASCII}.* \/ .+|^CPU \/ CPU$/u, 'a title in Japanese and English'),
  gridPos: z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().max(24), h: z.int().min(1) }),
  targets: z.array(target).min(1).optional(),
});
const dashboard = z.object({ title: z.string(), uid: z.string(), panels: z.array(panel).min(20) });

/** The row behind a name in an expression: a histogram is asked for by its parts. */
const metricOf = (name: string): string =>
  rows[name.replace(/_(bucket|sum|count)$/, '')]?.type === 'histogram'
    ? name.replace(/_(bucket|sum|count)$/, '')
    : name;

function namesIn(expression: string): string[] {
  return expression.match(/\b(?:telework|nodejs|process)_[a-z0-9_]+/g) ?? [];
}

/** Labels that an expression groups or selects by. `job` is Prometheus' own, `le` a histogram's. */
function labelsIn(expression: string): string[] {
  const grouped = [...expression.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, */));
  const selected = [...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/(\w+)(?:=|=~)"/g)].map(([, label = '']) => label),
  );
  return [...grouped, ...selected].filter((label) => label !== 'job' && label !== 'le');
}

function expectToExist(expression: string): void {
  const names = namesIn(expression);
  expect(names.length, expression).toBeGreaterThan(0);
  for (const name of names) {
    const known = rows[metricOf(name)] !== undefined || NODE_METRICS.includes(name);
    expect(known, `${name} in ${expression}`).toBe(true);
  }
  const known = names.flatMap((name) => rows[metricOf(name)]?.labels ?? []);
  for (const label of labelsIn(expression)) expect(known, `${label} in ${expression}`).toContain(label);
}

describe('docs/metrics.md', () => {
  it('has a line for each metric of the closed list, word for word, and no other', () => {
    const lines = page.split('\n').filter((line) => line.startsWith('| `telework_') && line.split('|').length === 7);
    expect(lines).toEqual(
      Object.entries(rows).map(
        ([name, { type, labels, of, help }]) =>
          `| \`${name}\` | ${type} | ${labels.join(', ') || '–'} | ${of.join(', ')} | ${help} |`,
      ),
    );
    for (const name of NODE_METRICS) expect(page).toContain(`\`${name}\``);
  });

  it('asks and alarms by metrics and labels that exist', () => {
    const [questions, alarms] = [/## 何を見るか[\s\S]*?\n## /, /## アラーム[\s\S]*?\n## /].map(
      (part) => part.exec(page)?.[0] ?? '',
    );
    const expressions = [...`${questions}${alarms}`.matchAll(/\| `([^`]+)` \|/g)].map(
      ([, expression = '']) => expression,
    );
    expect(expressions.length).toBeGreaterThanOrEqual(12);
    for (const expression of expressions) expectToExist(expression);
  });
});

describe('the dashboard', () => {
  const { panels } = dashboard.parse(JSON.parse(readFileSync(join(DOCS, 'grafana/telework.json'), 'utf8')));

  it('asks only for metrics and labels that exist', () => {
    for (const { expr, legendFormat } of panels.flatMap(({ targets = [] }) => targets)) {
      expectToExist(expr);
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const known = namesIn(expr).flatMap((name) => rows[metricOf(name)]?.labels ?? []);
      for (const label of shown.filter((label) => label !== 'job'))
        expect(known, `${label} of ${expr}`).toContain(label);
    }
  });

  it('shows every metric of the closed list', () => {
    const shown = new Set(
      panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namesIn(expr).map(metricOf))),
    );
    expect(Object.keys(rows).filter((name) => !shown.has(name))).toEqual([]);
  });

  it('has no two panels of one number or in one place', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});
