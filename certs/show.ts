// What there is, how long it lasts, and what to do about it.

import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RevocationList } from '#platform/hop/revocation.ts';
import { judgeValidity, sayValidity, type Validity } from '#platform/hop/validity.ts';
import { Failure } from '#platform/process/exit.ts';
import { oneLine } from '#platform/process/terminal.ts';
import { Refusal } from '#protocol/codes.ts';
import type { CertificateKind } from '#protocol/names.ts';
import { Authority, type Issued } from './authority.ts';
import { readText } from './files.ts';
import { KINDS } from './profile.ts';

export interface AuthorityState {
  kind: CertificateKind;
  municipality: string | null;
  authority: Validity;
  revocations: Validity;
  issued: (Issued & { state: Validity['state'] | 'revoked' })[];
}

/** The state of every authority in the folder. @throws Failure if there is none or one is damaged */
export function stateOfAll(dir: string, now: number): AuthorityState[] {
  const present = KINDS.map((kind) => new Authority(dir, kind)).filter((authority) => authority.exists);
  if (present.length === 0) throw new Failure(`${dir} holds no authority; "certs -- init" makes them`);
  return present.map((authority) => stateOf(authority, now));
}

function stateOf(authority: Authority, now: number): AuthorityState {
  const { kind, certificatePath, crlPath } = authority;
  const { municipality, issued } = authority.list();
  const certificate = new X509Certificate(readText(certificatePath, "the authority's certificate"));
  return {
    kind,
    municipality,
    authority: judgeValidity(`${kind} authority`, 'certificate', certificate.validToDate.getTime(), now),
    revocations: judgeValidity(`${kind} revocation list`, 'list', endOfList(crlPath, certificate), now),
    issued: issued.map((one) => ({
      ...one,
      state: one.revoked ? 'revoked' : judgeValidity(one.uri, 'certificate', one.notAfter, now).state,
    })),
  };
}

/** A list that is missing or broken counts as run out: it refuses everyone just the same. */
function endOfList(path: string, authority: X509Certificate): number {
  if (!existsSync(path)) return 0;
  try {
    return RevocationList.parse(readText(path, 'the revocation list'), [authority]).nextUpdates[0] ?? 0;
  } catch (error) {
    if (error instanceof Refusal) return 0;
    throw error;
  }
}

/** For a terminal: one block an authority, then what needs doing. */
export function describe(states: readonly AuthorityState[], dir: string, now: number): string {
  const blocks = states.map(({ kind, municipality, authority, revocations, issued }) =>
    [
      `${join(dir, kind)}${municipality === null ? '' : ` (only for ${municipality})`}`,
      `  authority until ${day(authority.notAfter)}, revocation list until ${minute(revocations.notAfter)}`,
      ...issued.map(
        (one) =>
          `  ${one.serial} ${one.state.padEnd(7)} until ${day(one.notAfter)} ${one.role} ${one.uri} ${oneLine(one.subject)}` +
          (one.revoked ? ` (${one.revoked.reason} ${minute(one.revoked.at)})` : ''),
      ),
    ].join('\n'),
  );
  return [...blocks, ...warnings(states, now)].join('\n');
}

function warnings(states: readonly AuthorityState[], now: number): string[] {
  const leaves = states.flatMap(({ issued }) =>
    issued
      .filter((one) => !one.revoked)
      .map((one) => judgeValidity(`${one.uri} (${one.serial})`, 'certificate', one.notAfter, now)),
  );
  const all = [...states.flatMap(({ authority, revocations }) => [authority, revocations]), ...leaves];
  return all.flatMap((one) => sayValidity(one, now) ?? []);
}

/** Whether somebody is refused now because an authority or its list ran out. */
export function isAlarm(states: readonly AuthorityState[]): boolean {
  return states.some(({ authority, revocations }) => [authority, revocations].some((one) => one.state === 'expired'));
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function minute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
