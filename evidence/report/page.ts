// The report as one HTML file that needs nothing else: no script, no other origin. Reads on screen and on paper.
import { both, html, Markup, spoken } from '#lab/report/markup.ts';
import { REPORT_STYLE } from '#lab/report/style.ts';
import type { Result } from '../outcome.ts';
import type { Said } from '../proof.ts';
import { REQUIREMENTS } from '../requirements.ts';
import type { Report, ReportRow } from './report.ts';

const TITLE = both('LGWAN テレワーク 要件の実証報告', 'LGWAN telework: evidence by requirement');
const RESULTS: Readonly<Record<Result, Said>> = {
  pass: both('合格', 'pass'),
  fail: both('不合格', 'fail'),
  'not-run': both('未実施', 'not run'),
};
const MEANING = both(
  '各行は一つの要件です。この機械で実際に動かして試し、見えたものだけで判定しています。公開されている要件についての報告であり、認定ではありません。',
  'Each row is one requirement, tried on this machine with the running system and judged by what was seen alone. It speaks of published requirements and is no certificate.',
);

const STYLE = `${REPORT_STYLE}
.verdict { display: inline-block; }
.verdict .en, h2 .verdict .en { display: inline; color: inherit; }
.partial > .en { display: inline; }
h2 .verdict { font-size: .8em; margin: 0 .4rem; }
.pass { background: #e3f4ec; color: #00583f; }
.fail { background: #fdecea; color: #8c1d18; }
.not-run { background: #eef0f2; color: #454c54; }
#overview td, #overview th, dd { text-align: left; white-space: normal; }
#overview td:first-child, #overview td:last-child { white-space: nowrap; }
.requirement { break-inside: avoid-page; }
.proof { border-left: 4px solid #8a8f98; padding: .1rem 0 .1rem 1rem; margin: 1rem 0; break-inside: avoid; }
.proof.of-pass { border-color: #2a9d74; }
.proof.of-fail { border-color: #b3261e; }
h3 { font-size: 1rem; margin: .2rem 0 .4rem; }
dl { margin: 0; display: grid; grid-template-columns: 6.5rem 1fr; gap: .15rem .8rem; font-size: .92rem; }
dt { color: #57606a; }
dd { margin: 0; }
dd > .en, h3 > .en { display: block; }
code { font-size: .85em; overflow-wrap: anywhere; }
`;

export function renderPage(report: Report): string {
  const { rows, versions, signedBy, startedAt, seconds, command, partial } = report;
  const count = (result: Result) => rows.filter((row) => row.result === result).length;
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
${partial === null ? null : html`<p class="partial" role="alert">${spoken(both('一部だけの報告です', 'This report is partial'))}: ${partial}</p>`}
<p>${(['pass', 'fail', 'not-run'] as const).map((result) => html`${verdict(result)} ${count(result)}　`)}</p>
<p>${spoken(MEANING)}</p>
<p class="facts">${startedAt} · ${Math.round(seconds)} s · ${versions.machine.cpu} × ${versions.machine.cores} · kernel ${versions.machine.kernel} · Node ${versions.machine.node} · OpenSSL ${versions.machine.openssl}</p>
</header>
<main>
<section id="overview"><h2>${spoken(both('要件ごとの結果', 'Results by requirement'))}</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">id</th><th scope="col">${spoken(both('要件', 'requirement'))}</th><th scope="col">${spoken(both('結果', 'result'))}</th></tr></thead>
<tbody>${rows.map(overviewRow)}</tbody>
</table></div>
</section>
${rows.map(requirement)}
<section id="not-claimed"><h2>${spoken(both('主張しない要件', 'Requirements not claimed'))}</h2>
<dl>${report.notClaimed.map(({ id, why }) => html`<dt>${id}</dt><dd>${spoken(why)}</dd>`)}</dl>
</section>
<section id="signature"><h2>${spoken(both('署名と版', 'Signature and versions'))}</h2>
<dl>
<dt>${spoken(both('鍵', 'key'))}</dt><dd>${spoken(signedBy.by === 'run' ? KEY_OF_RUN : KEY_OF_REVIEWER)}<br><code>${signedBy.keyFingerprint}</code></dd>
<dt>${spoken(both('確認', 'verify'))}</dt><dd><code>npm run evidence -- verify DIR</code><br><code>openssl dgst -sha256 -verify signer.pub.pem -signature SHA256SUMS.sig SHA256SUMS</code> (EC P-256), <code>sha256sum -c SHA256SUMS</code></dd>
<dt>${spoken(both('コマンド', 'command'))}</dt><dd><code>${command}</code></dd>
<dt>commit</dt><dd><code>${versions.commit ?? '–'}</code>${versions.changed ? html` ${spoken(both('(変更あり)', '(with changes)'))}` : null}</dd>
<dt>${spoken(both('プログラム', 'programs'))}</dt><dd>${Object.entries(versions.packages).map(([name, version]) => html`<code>${name} ${version}</code> `)}</dd>
</dl>
</section>
</main>
</body>
</html>
`.text;
}

const KEY_OF_RUN = both(
  'この実行のために作り、署名のあと捨てた鍵です。指紋を控えておけば、あとからの書き換えが分かります。誰が実行したかは示しません。',
  'Made for this run and forgotten after signing. Whoever keeps its fingerprint sees any later change; it does not say who ran it.',
);
const KEY_OF_REVIEWER = both('確認者が与えた鍵です。', 'The key that the reviewer gave.');

const verdict = (result: Result): Markup => html`<span class="verdict ${result}">${spoken(RESULTS[result])}</span>`;

const overviewRow = ({ id, result }: ReportRow): Markup =>
  html`<tr><td><a href="#${id}">${id}</a></td><td>${spoken(REQUIREMENTS[id])}</td><td>${verdict(result)}</td></tr>
`;

const requirement = ({ id, result, proofs }: ReportRow): Markup =>
  html`<section id="${id}" class="requirement"><h2>${id} ${verdict(result)} ${spoken(REQUIREMENTS[id])}</h2>
${proofs.map(
  (proof) => html`<article class="proof of-${proof.result}"><h3>${spoken(proof.claim)}</h3>
<dl>
<dt>${spoken(both('試したこと', 'tried'))}</dt><dd>${spoken(proof.tried)}</dd>
<dt>${spoken(both('見えたもの', 'seen'))}</dt><dd>${spoken(proof.seen)}</dd>
<dt>${spoken(both('判定', 'result'))}</dt><dd>${verdict(proof.result)} <code>${proof.name}</code>, ${proof.seconds} s</dd>
<dt>${spoken(both('記録', 'artefacts'))}</dt><dd>${proof.artefacts.length === 0 ? '–' : proof.artefacts.map((path) => html`<a href="${path}"><code>${path}</code></a> `)}</dd>
</dl>
</article>
`,
)}</section>
`;
