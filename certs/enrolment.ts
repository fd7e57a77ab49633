// A request that came from the gateway's queue: one file that says whose it is, so that the operator types nothing that
// could be wrong, and the number that the person said, so that a changed file is noticed (T21).
import { numberOfKey, readCertificateRequest } from '#platform/hop/certificate-request.ts';
import { Failure } from '#platform/process/exit.ts';
import { Refusal } from '#protocol/codes.ts';
import { type EnrolmentFile, enrolmentFileSchema, parseRequestNumber } from '#protocol/enrolment.ts';
import type { LeafNames } from './certificate.ts';
import { readText } from './files.ts';
import { subjectOf } from './values.ts';

export interface Enrolment {
  /** SPKI, PEM. */
  publicKey: string;
  names: LeafNames;
}

/**
 * @param number what the person in question says, never what the file or its name says
 * @throws Failure if the file is none, its request is not good enough, or its key is not the one that the person made
 */
export function readEnrolment(path: string, number: string): Enrolment {
  const expected = parseRequestNumber(number);
  if (!expected) throw new Failure('--number must be XXXX-XXXX-XXXX-XXXX, as the person says it', 2);
  const { csr, municipality, user, name } = readFile(path);
  const key = readKey(csr, path);
  if (numberOfKey(key) !== expected) {
    throw new Failure(`${path}: this is not the key of ${expected}; the file was changed, or it is another request`);
  }
  return {
    publicKey: key.export({ type: 'spki', format: 'pem' }).toString(),
    names: {
      identity: { kind: 'user', municipality, name: user },
      role: 'client',
      commonName: subjectOf(name),
      hosts: [],
    },
  };
}

function readFile(path: string): EnrolmentFile {
  try {
    return enrolmentFileSchema.parse(JSON.parse(readText(path, 'the request')));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path}: not a request that "admin -- enrolment export" wrote`);
  }
}

function readKey(csr: string, path: string) {
  try {
    return readCertificateRequest(csr).publicKey;
  } catch (error) {
    if (error instanceof Refusal) throw new Failure(`${path}: ${error.detail}`);
    throw error;
  }
}
