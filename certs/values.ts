// Every value that a person types on the command line, checked once. All of them throw Failure with exit code 2.
import { isIP } from 'node:net';
import { normalSerial } from '#platform/hop/revocation.ts';
import { Failure } from '#platform/process/exit.ts';
import { oneLine } from '#platform/process/terminal.ts';
import { type CertificateKind, MUNICIPALITY, NAME } from '#protocol/names.ts';
import { HOST_NAME } from './csr.ts';
import { KINDS, LEAF_DAYS, LEAF_DAYS_MAX, REVOCATION_REASONS, type RevocationReason, type Role } from './profile.ts';

export function needed(value: string | undefined, name: string): string {
  if (!value) throw new Failure(`--${name} is missing; --help shows the usage`, 2);
  return value;
}

export function kindOf(value: string | undefined): CertificateKind {
  const kind = KINDS.find((one) => one === value);
  if (!kind) throw new Failure(`the kind must be one of ${KINDS.join(', ')}`, 2);
  return kind;
}

export function roleOf(value: string | undefined): Role {
  if (value !== 'client' && value !== 'server') throw new Failure('--role must be client or server', 2);
  return value;
}

export function nameOf(value: string | undefined): string {
  const name = needed(value, 'name');
  if (!NAME.test(name))
    throw new Failure('a name is 1 to 32 of a-z, 0-9, ".", "_", "-", and begins with a letter or digit', 2);
  return name;
}

export function municipalityOf(value: string): string {
  if (!MUNICIPALITY.test(value)) throw new Failure('a municipality is six digits (団体コード)', 2);
  return value;
}

/** RFC 5280 limits a common name to 64 characters; a control character would fool whoever reads it in a list. */
export function subjectOf(value: string): string {
  const subject = value.normalize('NFC').trim();
  if (subject === '' || [...subject].length > 64 || subject !== oneLine(subject)) {
    throw new Failure('--subject must be 1 to 64 characters without control characters', 2);
  }
  return subject;
}

export function hostOf(value: string): string {
  const host = value.toLowerCase();
  if (!isIP(host) && !HOST_NAME.test(host))
    throw new Failure(`--dns "${oneLine(value)}" is neither a host name nor an IP address`, 2);
  return host;
}

export function daysOf(value: string | undefined): number {
  const days = value === undefined ? LEAF_DAYS : Number(value);
  if (!Number.isInteger(days) || days < 1 || days > LEAF_DAYS_MAX) {
    throw new Failure(`--days must be a whole number from 1 to ${LEAF_DAYS_MAX}`, 2);
  }
  return days;
}

export function serialOf(value: string | undefined): string {
  const serial = needed(value, 'serial');
  if (!/^[0-9A-Fa-f:]{1,64}$/.test(serial)) throw new Failure('--serial must be hexadecimal', 2);
  return normalSerial(serial);
}

export function reasonOf(value: string | undefined): RevocationReason {
  const reason = needed(value, 'reason');
  if (!Object.hasOwn(REVOCATION_REASONS, reason)) {
    throw new Failure(`--reason must be one of ${Object.keys(REVOCATION_REASONS).join(', ')}`, 2);
  }
  return reason as RevocationReason;
}
