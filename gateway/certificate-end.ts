// How a person learns in time that a certificate is about to end (E6).
import { judgeValidity } from '#platform/hop/validity.ts';
import { iso } from './iso-time.ts';

/** @param expiresAt ms; null while nobody has signed in with one. @returns warning: 30, 7 or 1 days before, 0 after */
export function aboutCertificate(expiresAt: number | null, now: number) {
  if (expiresAt === null) return { certificateExpiresAt: null, certificateWarning: null };
  const { warning } = judgeValidity('certificate', 'certificate', expiresAt, now);
  return { certificateExpiresAt: iso(expiresAt), certificateWarning: warning };
}
