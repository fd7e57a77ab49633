// Puts a report into its folder: the data, and the page that is drawn from it.
import { join } from 'node:path';
import { writeText } from '#certs/files.ts';
import type { Report } from '../result.ts';
import { renderReport } from './page.ts';

export interface ReportFiles {
  json: string;
  html: string;
}

/**
 * Each file is whole or not there. The data goes first: a page without it could not be drawn again.
 * @param folder exists
 * @returns the absolute or relative paths, as `folder` is
 * @throws Failure with one line, such as for a full disk; the files of an earlier run stay as they are then
 */
export function writeReport(folder: string, report: Report): ReportFiles {
  const files = { json: join(folder, 'report.json'), html: join(folder, 'report.html') };
  const page = renderReport(report);
  writeText(files.json, `${JSON.stringify(report)}\n`, { mode: 0o644, replace: true });
  writeText(files.html, page, { mode: 0o644, replace: true });
  return files;
}
