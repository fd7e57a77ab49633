// Enrolment by files, in two steps around the authority's answer: where there is no listener, or an outside authority. The
// private key never leaves the device.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeP12, makeRequest, P12Error } from '#certs/request.ts';
import { Failure } from '#platform/process/exit.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { makeUserKey } from '#web/core/enrolment.ts';
import { FILES, read, writePrivate } from './credentials.ts';

/**
 * Step 1: makes the key and the request for the administrator.
 * @param name the person's name for the subject, any UTF-8, such as 田中太郎
 * @returns the path of the request
 */
export async function makeKeyAndRequest(folder: string, name: string, force: boolean): Promise<string> {
  makePrivateFolder(folder);
  const path = join(folder, FILES.request);
  if (!force && existsSync(join(folder, FILES.key))) {
    throw new Failure(`${join(folder, FILES.key)} exists; --force replaces it and makes its certificate useless`);
  }
  const keys = await makeUserKey();
  writePrivate(join(folder, FILES.key), keys.privateKey);
  writePrivate(path, makeRequest(keys, name));
  return path;
}

/**
 * Step 2: takes the certificate that came back and makes the .p12 for the browser or the operating system.
 * @returns the path of the .p12
 */
export function takeCertificate(folder: string, certificateFile: string, password: string, force: boolean): string {
  const certificate = read(certificateFile);
  const path = join(folder, FILES.p12);
  writePrivate(path, p12Of(read(join(folder, FILES.key)), certificate, password), force);
  writePrivate(join(folder, FILES.certificate), certificate);
  return path;
}

/** @throws Failure for a password that a .p12 cannot have, or a certificate of another key */
export function p12Of(key: string, certificate: string, password: string): Uint8Array {
  try {
    return makeP12(key, certificate, password, 'LGWAN telework');
  } catch (error) {
    if (error instanceof P12Error) throw new Failure(error.message);
    throw error;
  }
}
