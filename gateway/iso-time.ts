// How every time leaves the gateway: in answers to users, administrators and strangers alike.

/** @param ms since 1970. @returns RFC 3339 in UTC, such as 2026-11-26T00:02:11.004Z */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** @param ms null while it has not happened */
export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
