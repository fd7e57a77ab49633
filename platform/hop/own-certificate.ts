// Who this end says it is, looked at before anything listens or dials. Every peer would refuse a certificate of another kind
// or a weak one; an operator who mixed two files up shall learn it from the start, not from the users (T11).
import { Refusal } from '#protocol/codes.ts';
import { Failure } from '../process/exit.ts';
import { checkStrength, type ExpectedPeer, type PeerIdentity, readIdentity } from './peer-certificate.ts';
import { loadOwn, type OwnFiles } from './tls-files.ts';

/**
 * @returns what the own certificate says. Its times are not looked at: who renews a certificate late gets the alarm of
 * validity.ts from a process that runs, and no process that does not start
 * @throws Failure in one line that names the file: unusable, weak, or of another kind or role
 */
export function requireOwn(files: OwnFiles, expect: ExpectedPeer): PeerIdentity {
  const { own } = loadOwn(files);
  try {
    checkStrength(own);
    return readIdentity(own, expect);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Failure(`${files.certificate}: not a certificate for a ${expect.kind} ${expect.role} (${error.message})`);
  }
}
