// A certificate that is about to end: told at the sign-in, told within the session, and the session ends with it. The client is
// the real program, as a person would read it.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILES } from '#client-sim/credentials.ts';
import { run } from '#lab/process.ts';
import { MUNICIPALITY, type System } from '#lab/system.ts';
import { callLocal } from '#platform/process/local-call.ts';
import type { Judgement } from '../proof.ts';
import { END_MAX_MS } from './ending.ts';
import { desktopOf, type Ground } from './ground.ts';
import { enrolFactor, enrolUser, issueCode, signIn, type User } from './people.ts';

const DAY_MS = 86_400_000;
/** Enough to start the client, pair, open and work a little, also where much else goes on. */
const LIFE_MS = 30_000;

/** Days that are left of a certificate, and the warning that is due. */
const DUE: readonly (readonly [days: number, warning: number | null])[] = [
  [100, null],
  [29, 30],
  [6.5, 7],
  [0.8, 1],
];

export interface CertificateEnd {
  signIns: { daysLeft: number; warning: number | null }[];
  /** Lines of the client's on stderr. */
  said: string[];
  exitCode: number;
  /** From the certificate's end to the client's; below 0: it ended before. */
  endedAfterMs: number;
}

export async function observeCertificateEnd({ rights: system }: Ground): Promise<CertificateEnd> {
  const signIns: CertificateEnd['signIns'] = [];
  for (const [daysLeft] of DUE) {
    const user = await enrolUser(system, `days-${Math.round(daysLeft)}`, daysLeft * DAY_MS);
    const { transport, signedIn } = await signIn(system, user);
    signIns.push({ daysLeft, warning: signedIn.certificateWarning ?? null });
    transport.close();
  }
  const user = await enrolUser(system, 'expiry', LIFE_MS);
  const ended = await work(system, user, desktopOf(system, 'expiry'));
  const endedAfterMs = Date.now() - user.notAfter;
  return { signIns, said: ended.stderr.trim().split('\n'), exitCode: ended.code, endedAfterMs };
}

async function work(system: System, user: User, desktop: string) {
  const folder = join(system.folder, 'client', user.user);
  const at = (file: string) => join(folder, file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { authorities, revocations } = system.pki.files.user;
  copyFileSync(authorities, at(FILES.gatewayAuthority));
  copyFileSync(revocations, at(FILES.gatewayRevocations));
  const secrets = {
    [FILES.key]: user.pem.key,
    [FILES.deviceKey]: user.deviceKeyPem,
    'totp.uri': await enrolFactor(system, user),
  };
  for (const [file, text] of Object.entries(secrets)) writeFileSync(at(file), text, { mode: 0o600 });
  writeFileSync(at(FILES.certificate), user.pem.certificate);
  await callLocal(system.sockets.admin, 'entitlement.add', { municipality: MUNICIPALITY, user: user.user, desktop });
  const { code } = await issueCode(system.sockets.agent, user, desktop);
  return run('client-sim/main.ts', [
    ...['--user', user.user, '--credentials', folder, '--gateway', system.gateway, '--desktop', desktop],
    ...['--totp-uri', at('totp.uri'), '--pair-code', code, '--stay', '120'],
  ]);
}

export function judgeCertificateEnd({ signIns, said, exitCode, endedAfterMs }: CertificateEnd): Judgement {
  const warned = DUE.every(([days, due]) => signIns.some((one) => one.daysLeft === days && one.warning === due));
  const atSignIn = said.some((line) => line.includes('the certificate is about to end'));
  const within = said.some((line) => /the certificate, and this session, ends in \d+ min/.test(line));
  const last = said.at(-1) ?? '';
  const ended = exitCode === 1 && last.startsWith('CERTIFICATE_ENDED: ') && !last.includes('not authenticated');
  const holds = warned && atSignIn && within && ended && Math.abs(endedAfterMs) <= END_MAX_MS;
  const due = signIns.map(({ daysLeft, warning }) => `${daysLeft} → ${warning ?? '–'}`).join(', ');
  return {
    result: holds ? 'pass' : 'fail',
    seen: {
      ja: `サインイン時の警告 (残り日数 → 警告): ${due}。利用中の警告: ${within ? 'あり' : 'なし'}。期限から終了まで ${endedAfterMs} ms: ${last}`,
      en: `warnings at sign-in (days left → warning): ${due}; within the session: ${within ? 'yes' : 'no'}; ended ${endedAfterMs} ms after the certificate: ${last}`,
    },
  };
}
