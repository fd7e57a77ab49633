// Carrying requests to the authority and certificates back: the two commands that read and write files beside their calls.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { enrolmentFileSchema } from '#protocol/enrolment.ts';
import { type Ask, badArguments, type Given } from './command.ts';

const CERTIFICATE_MAX_BYTES = 16_384;
const exported = z.object({ requests: z.array(enrolmentFileSchema) });

/**
 * Writes each waiting request as OUT/NUMBER.json, for `certs -- issue user --enrolment`. One that is there is kept.
 * @throws Failure
 */
export async function exportRequests(
  ask: Ask,
  { out, request }: Given,
  files: readonly string[],
): Promise<{ files: string[] }> {
  if (files[0] !== undefined) throw badArguments(`unexpected argument "${files[0]}"`);
  const folder = String(out);
  makePrivateFolder(folder);
  const { requests } = exported.parse(await ask(request === undefined ? {} : { request }));
  return {
    files: requests.map((one) => {
      const path = join(folder, `${one.request}.json`);
      if (!existsSync(path)) write(path, `${JSON.stringify(one, null, 2)}\n`);
      return path;
    }),
  };
}

/** One call a file, so that one bad certificate holds up no other. @throws Failure naming the first file that was refused */
export async function importCertificates(
  ask: Ask,
  _given: Given,
  files: readonly string[],
): Promise<{ imported: unknown[] }> {
  if (files.length === 0) throw badArguments('which files?');
  const imported: unknown[] = [];
  const refused: string[] = [];
  for (const file of files) {
    try {
      imported.push(await ask({ certificate: read(file) }));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      refused.push(error.message.startsWith(file) ? error.message : `${file}: ${error.message}`);
    }
  }
  if (refused.length > 0) {
    throw new Failure(`${refused.join('; ')}${imported.length > 0 ? ` (${imported.length} others were taken)` : ''}`);
  }
  return { imported };
}

function read(path: string): string {
  try {
    if (statSync(path).size > CERTIFICATE_MAX_BYTES) throw new Failure(`${path}: too large for a certificate`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new Failure(`${path}: cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}
