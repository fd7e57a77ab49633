// How a request travels from the page to its gateway: over the browser's own TLS with the user's certificate, and with the
// sign-in as a cookie, or as a token in this closure where the page comes from another origin.
import type { Request } from '#web/core/gateway-api.ts';

/** @param gateway an origin, or '' for the page's own */
export function requestTo(gateway: string): Request {
  let token: string | null = null;
  return async (method, path, body) => {
    const response = await fetch(gateway + path, {
      method,
      // Of another origin, too: the client certificate is a credential.
      credentials: gateway ? 'include' : 'same-origin',
      headers: {
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      redirect: 'error',
    });
    const answer: unknown = await response.json().catch(() => null);
    const given = (answer as { token?: unknown } | null)?.token;
    if (typeof given === 'string') token = given;
    return { status: response.status, body: answer };
  };
}
