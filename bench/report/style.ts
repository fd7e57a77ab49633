import { REPORT_STYLE } from '#lab/report/style.ts';

export const STYLE = `${REPORT_STYLE}
nav ol { columns: 2; padding-left: 1.4rem; font-size: .92rem; }
.not-run > .en { display: inline; }
.not-run { border-left: 6px solid #8a8f98; background: #f3f4f6; padding: .5rem 1rem; }
figure { margin: 1.6rem 0 1rem; break-inside: avoid; }
figure div svg { display: block; width: 100%; height: auto; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: .2rem 0 0; padding: 0; font-size: .82rem; }
.legend svg { margin-right: .35rem; vertical-align: -1px; }
#targets td, #targets th { text-align: left; white-space: normal; }
#targets tbody th { min-width: 17rem; }
#targets tbody .en { display: block; }
#targets tbody .verdict .en { display: inline; color: inherit; }
.reached { background: #e3f4ec; color: #00583f; }
.short { background: #fdecea; color: #8c1d18; }
.not-run.verdict, .told { border: 0; background: #eef0f2; color: #454c54; }
`;
