// The secret of a sign-in: 32 random bytes that say nothing by themselves. In a cookie, whose __Host- prefix lets no other
// host or path set it (F2), or, for a page of another origin, as a bearer token (RFC 6750) that the page keeps in memory. The
// server keeps only its hash, so that a copy of the state opens nothing (T05).
import { createHash, randomBytes } from 'node:crypto';

export const USER_COOKIE = '__Host-telework';
/** Another name: cookies go by host, not by port, and both listeners may have one host name. */
export const ADMIN_COOKIE = '__Host-telework-admin';
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** @returns 43 characters of base64url */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** SHA-256, base64url. The secrets have 256 bits of their own, so no salt and no slow hash are needed. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

export function setCookie(name: string, secret: string): string {
  return `${name}=${secret}; Path=/; Secure; HttpOnly; SameSite=Strict`;
}

export function clearCookie(name: string): string {
  return `${name}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`;
}

/**
 * @param header the request's Cookie header
 * @returns the one well-formed value, or null; two of the same name are ambiguous and count as none
 */
export function readCookie(name: string, header: string | undefined): string | null {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined && SECRET.test(value) ? value : null;
}

/** @param header the request's Authorization header. @returns the token, or null unless there is one well-formed */
export function readBearer(header: string | undefined): string | null {
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(header ?? '')?.[1];
  return token ?? null;
}
