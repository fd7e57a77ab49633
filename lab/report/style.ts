/** What every report looks like: dark on light, one column, breaks between figures on paper. */
export const REPORT_STYLE = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 58rem; padding: 1.5rem 1.25rem 4rem; background: #fff; color: #1b1f24;
  font: 15px/1.65 system-ui, "Noto Sans JP", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", sans-serif;
}
h1 { font-size: 1.6rem; line-height: 1.3; margin: 0 0 .75rem; }
h2 { font-size: 1.2rem; margin: 3rem 0 .5rem; padding-top: .6rem; border-top: 2px solid #0072b2; }
.en { color: #57606a; font-size: .86em; font-weight: 400; }
h1 .en, h2 .en, p > .en { display: block; }
.facts { color: #57606a; font-size: .86rem; }
a { color: #0059a0; }
.partial { border-left: 6px solid #b3261e; background: #fdecea; padding: .7rem 1rem; }
.partial .en { color: inherit; }
figcaption, caption { text-align: left; font-weight: 600; padding: .2rem 0; }
.scroll { overflow-x: auto; break-inside: avoid; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid #d8dee4; text-align: right; vertical-align: top; }
thead th { border-bottom: 2px solid #8a8f98; vertical-align: bottom; line-height: 1.35; }
thead .en { display: block; }
td { white-space: nowrap; }
.words, tbody th { text-align: left; font-weight: 500; white-space: normal; }
td.words { font-weight: 400; }
.verdict { white-space: nowrap; padding: .1rem .5rem; border-radius: .6rem; font-weight: 600; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  a { color: inherit; text-decoration: none; }
  h2 { break-after: avoid; }
}
`;
