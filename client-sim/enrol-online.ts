// Enrolment over the gateway's second listener: hand key and code in, and fetch the certificate when it is there. Until
// then the new key stands beside the old one, so whoever renews keeps working.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeRequest } from '#certs/request.ts';
import { loadTrustOnly } from '#platform/hop/tls-files.ts';
import { Failure } from '#platform/process/exit.ts';
import { requireKeyFile } from '#platform/process/key-files.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { CODES } from '#protocol/codes.ts';
import { RefusedByGateway } from '#web/core/ends.ts';
import { type Answer, fetchAnswer, makeUserKey, numberOf, submitRequest, type UserKey } from '#web/core/enrolment.ts';
import type { Request } from '#web/core/gateway-api.ts';
import { FILES, read, writePrivate } from './credentials.ts';
import { p12Of } from './enrol.ts';
import { openTransport } from './transport.ts';

const ASK_INTERVAL_MS = 15_000;

export interface HandedIn {
  /** What the administrator and the authority's operator have to be told. */
  request: string;
  expiresAt: string;
}

/**
 * Makes a key, unless one waits already, and hands its request in.
 * @param name the person's name, any UTF-8
 * @param force makes a key in any case; the answer to the one that waits can then not be fetched any more
 * @throws Failure
 */
export async function handIn(
  folder: string,
  listener: URL,
  name: string,
  code: string,
  force: boolean,
): Promise<HandedIn> {
  makePrivateFolder(folder);
  const key = !force && existsSync(join(folder, FILES.nextKey)) ? readNextKey(folder) : await makeNextKey(folder);
  return asking(folder, listener, async (request) => {
    const { expiresAt } = await submitRequest(request, code, makeRequest(key, name));
    return { request: await numberOf(key), expiresAt };
  });
}

async function makeNextKey(folder: string): Promise<UserKey> {
  const key = await makeUserKey();
  writePrivate(join(folder, FILES.nextPublicKey), key.publicKey);
  writePrivate(join(folder, FILES.nextKey), key.privateKey);
  return key;
}

function readNextKey(folder: string): UserKey {
  return {
    publicKey: read(join(folder, FILES.nextPublicKey)),
    privateKey: requireKeyFile(join(folder, FILES.nextKey)),
  };
}

/**
 * Fetches the certificate, makes the .p12, and puts key and certificate in the place of those before.
 * @param waitMs asks again for so long while the answer is not there
 * @returns the path of the .p12
 * @throws Failure, also when it is not there in time
 */
export async function collect(folder: string, listener: URL, password: string, waitMs: number): Promise<string> {
  if (!existsSync(join(folder, FILES.nextKey))) {
    throw new Failure(`${folder}: no request was handed in from here; see npm run connect -- enrol --help`);
  }
  const key = readNextKey(folder);
  const { certificate } = await asking(folder, listener, (request) => waitForAnswer(request, key, waitMs));
  const path = join(folder, FILES.p12);
  writePrivate(path, p12Of(key.privateKey, certificate, password));
  writePrivate(join(folder, FILES.key), key.privateKey);
  writePrivate(join(folder, FILES.certificate), certificate);
  for (const name of [FILES.nextKey, FILES.nextPublicKey]) rmSync(join(folder, name), { force: true });
  return path;
}

async function waitForAnswer(
  request: Request,
  key: UserKey,
  waitMs: number,
): Promise<Extract<Answer, { state: 'certified' }>> {
  for (const end = performance.now() + waitMs; ; await delay(ASK_INTERVAL_MS)) {
    const answer = await fetchAnswer(request, key);
    if (answer.state === 'certified') return answer;
    if (performance.now() + ASK_INTERVAL_MS > end) {
      throw new Failure(`証明書はまだ発行されていません。/ The certificate is not there yet. (${answer.expiresAt})`);
    }
  }
}

/** @throws Failure with the sentence of the refusal's code */
async function asking<T>(folder: string, listener: URL, ask: (request: Request) => Promise<T>): Promise<T> {
  const trusted = {
    authorities: join(folder, FILES.gatewayAuthority),
    revocations: join(folder, FILES.gatewayRevocations),
  };
  const transport = openTransport(listener, loadTrustOnly(trusted));
  try {
    return await ask(transport.request);
  } catch (error) {
    if (!(error instanceof RefusedByGateway)) throw error;
    const { ja, en } = CODES[error.code];
    throw new Failure(`${error.code}: ${ja} / ${en}`);
  } finally {
    transport.close();
  }
}
