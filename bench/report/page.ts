// The report as one HTML file that needs nothing else: no script, no other origin. Reads on screen and on paper.

import { both, html, Markup, spoken } from '#lab/report/markup.ts';
import type { Report } from '../result.ts';
import { besidePeers } from './beside-peers.ts';
import { cpu } from './cpu.ts';
import { endurance, target } from './endurance.ts';
import { fairness } from './fairness.ts';
import { fullness } from './fullness.ts';
import { lateness } from './lateness.ts';
import { network } from './network.ts';
import { whole } from './numbers.ts';
import type { Section } from './section.ts';
import { sessionsAndCost } from './sessions.ts';
import { STYLE } from './style.ts';
import { table } from './table.ts';
import { targets } from './targets.ts';

const TITLE = both('LGWAN テレワーク ベンチマーク報告', 'LGWAN telework benchmark report');

/** @param report of a whole or a partial run; a partial one says so first */
export function renderReport(report: Report): string {
  const sections = [
    target(report),
    targets(report),
    fullness(report),
    lateness(report),
    network(report),
    fairness(report),
    sessionsAndCost(report),
    besidePeers(report),
    cpu(report),
    endurance(report),
    machine(report),
  ].filter((section) => section !== null);
  return html`${new Markup('<!doctype html>')}
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${TITLE.ja} / ${TITLE.en}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${spoken(TITLE)}</h1>
${partial(report)}
<p class="facts">${report.startedAt} · ${whole(report.seconds)} s · ${report.machine.cpu} × ${report.machine.cores} · Node ${report.machine.node} · OpenSSL ${report.machine.openssl}${report.commit === null ? null : ` · ${report.commit}`}</p>
<nav><ol>${sections.map(({ id, title }) => html`<li><a href="#${id}">${spoken(title)}</a></li>`)}</ol></nav>
</header>
<main>
${sections.map(sectionOf)}
</main>
</body>
</html>
`.text;
}

const partial = ({ partial: why }: Report): Markup | null =>
  why === null
    ? null
    : html`<p class="partial" role="alert"><strong>${spoken(both('このレポートは途中までです', 'This report is partial'))}</strong>: ${why}</p>`;

const sectionOf = ({ id, title, body }: Section): Markup =>
  html`<section id="${id}"><h2>${spoken(title)}</h2>
${body}
</section>
`;

function machine({ machine: of, command, commit, notRun }: Report): Section {
  return {
    id: 'machine',
    title: both('機械と条件', 'Machine and conditions'),
    body: [
      table(
        both('測定した機械', 'The machine'),
        [both('項目', 'item'), both('値', 'value')],
        [
          ['CPU', `${of.cpu} × ${of.cores} (${of.arch})`],
          ['メモリ / memory', `${whole(of.memoryGiB)} GiB`],
          ['kernel', of.kernel],
          ['Node / OpenSSL', `${of.node} / ${of.openssl}`],
          ['コマンド / command', command],
          ['commit', commit ?? '–'],
        ],
      ),
      notRun.length === 0
        ? html``
        : table(
            both('実施できなかったもの', 'What could not be run'),
            [both('シナリオ', 'scenario'), both('理由', 'because')],
            notRun.map(({ scenario, because }) => [scenario, because]),
          ),
    ],
  };
}
