// npm run bench -- publish REPORT.json [MORE.json …]: the numbers of reports go into the documents by this command, never by
// hand. A scenario that a later report holds, too, counts as it stands there: what takes long has a run of its own.
//
// A document marks where, and everything between the marks is replaced:
//   <!-- bench:targets -->
//   <!-- /bench:targets -->
import { readFileSync, statSync } from 'node:fs';
import { writeText } from '#certs/files.ts';
import { Failure } from '#platform/process/exit.ts';
import { type Report, reportSchema } from '../result.ts';
import { QUOTES } from './quotes.ts';

const REPORT_MAX_BYTES = 256 * 1024 * 1024;
const DOCUMENT_MAX_BYTES = 4 * 1024 * 1024;
const BLOCK = /(<!-- bench:([a-z-]+) -->\n)(.*?)(<!-- \/bench:\2 -->)/gs;
const MARK = /<!-- \/?bench:[^>]*-->/g;

/**
 * All documents are made before the first is written, so that a fault in one changes none.
 * @param reportFiles at least one
 * @param documents that hold marks
 * @throws Failure naming the file: not a report, a partial one, no marks, marks that do not pair, or not writable
 */
export function publish(reportFiles: readonly [string, ...string[]], documents: readonly string[]): void {
  const [first, ...more] = reportFiles;
  const [report, later] = [readWhole(first), more.map(readWhole)];
  const made = documents.map((path) => ({
    path,
    text: fillBlocks(read(path, DOCUMENT_MAX_BYTES), report, path, later),
  }));
  for (const { path, text } of made) writeText(path, text, { mode: 0o644, replace: true });
}

function readWhole(path: string): Report {
  const report = readReport(path);
  if (report.partial !== null) throw new Failure(`${path}: a partial report is not published (${report.partial})`);
  return report;
}

/** @throws Failure naming the first key that does not fit */
export function readReport(path: string): Report {
  let data: unknown;
  try {
    data = JSON.parse(read(path, REPORT_MAX_BYTES));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path}: not a JSON file`);
  }
  const parsed = reportSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Failure(
    `${path}: not a report of this version (${issue?.path.join('.') || 'the whole'}: ${issue?.message})`,
  );
}

/**
 * @param name of the document, for messages
 * @param later whose scenarios take the place of the report's own
 * @throws Failure
 */
export function fillBlocks(document: string, report: Report, name: string, later: readonly Report[] = []): string {
  const whole = later.reduce(withNewer, report);
  let blocks = 0;
  const filled = document.replace(BLOCK, (_whole, begin: string, id: string, _old: string, end: string) => {
    const quote = Object.hasOwn(QUOTES, id) ? QUOTES[id] : undefined;
    if (!quote) throw new Failure(`${name}: there is nothing called bench:${id} (${Object.keys(QUOTES).join(', ')})`);
    blocks++;
    return `${begin}${quote(whole, later).trim()}\n${end}`;
  });
  if (blocks === 0) throw new Failure(`${name}: has no marks such as <!-- bench:targets -->`);
  if ((document.match(MARK) ?? []).length !== blocks * 2) throw new Failure(`${name}: its bench marks do not pair`);
  return filled;
}

function withNewer(report: Report, newer: Report): Report {
  const measuredAnew = new Set<string>(newer.scenarios.map(({ scenario }) => scenario));
  return {
    ...report,
    scenarios: [...report.scenarios.filter(({ scenario }) => !measuredAnew.has(scenario)), ...newer.scenarios],
    notRun: report.notRun.filter(({ scenario }) => !measuredAnew.has(scenario)),
  };
}

function read(path: string, maxBytes: number): string {
  let size: number;
  try {
    size = statSync(path).size;
    if (size <= maxBytes) return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  throw new Failure(`${path}: larger than ${maxBytes} bytes`);
}
