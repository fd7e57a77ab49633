// A question of the report and what answers it.

import { type Both, both, html, type Markup, spoken } from '#lab/report/markup.ts';
import type { Report, ScenarioName, ScenarioResult } from '../result.ts';

export interface Section {
  id: string;
  title: Both;
  body: readonly Markup[];
}

/** Of one scenario, in the order in which it ran. */
export function resultsOf<N extends ScenarioName>(report: Report, name: N): Extract<ScenarioResult, { scenario: N }>[] {
  return report.scenarios.filter((one): one is Extract<ScenarioResult, { scenario: N }> => one.scenario === name);
}

export const paragraph = (text: Both): Markup => html`<p>${spoken(text)}</p>`;

/** In place of what a scenario would have shown. */
export const notRun = (report: Report, scenario: ScenarioName): Markup =>
  html`<p class="not-run">${spoken(both('未実施', 'not run'))}: ${whyNotRun(report, scenario)}</p>`;

/** As the run itself said it, else that nobody asked for it. */
export function whyNotRun(report: Report, scenario: ScenarioName): string {
  const said = report.notRun.filter((one) => one.scenario === scenario).map(({ because }) => because);
  return said.length > 0 ? said.join('; ') : `${scenario}: この実行に含まれない / was not part of this run`;
}
