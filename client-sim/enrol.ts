// Enrolment on the user's own device, in two steps around the administrator's answer. The private key never leaves it.
import { generateKeyPair } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeP12, makeRequest, P12Error } from '#certs/request.ts';
import { Failure } from '#platform/process/exit.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { FILES, read, writePrivate } from './credentials.ts';

const RSA_BITS = 3072;

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
  const keys = await promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
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
  try {
    const p12 = makeP12(read(join(folder, FILES.key)), certificate, password, 'LGWAN telework');
    writePrivate(path, p12, force);
  } catch (error) {
    if (error instanceof P12Error) throw new Failure(error.message);
    throw error;
  }
  writePrivate(join(folder, FILES.certificate), certificate);
  return path;
}
