// How a request travels from the page to its gateway: over the browser's own TLS with the user's certificate, and with the
// sign-in as a cookie, or as a token in memory where the page comes from another origin.
import type { Request } from '#web/core/gateway-api.ts';

/** The sign-in of a page of another origin; null where there is a cookie. */
export interface KeptToken {
  token: string | null;
}

/**
 * @param gateway an origin, or '' for the page's own
 * @param kept where the token is, for the WebSocket needs it too
 */
export function requestTo(gateway: string, kept: KeptToken = { token: null }): Request {
  return async (method, path, body) => {
    const response = await fetch(gateway + path, {
      method,
      // Of another origin, too: the client certificate is a credential.
      credentials: gateway ? 'include' : 'same-origin',
      headers: {
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...(kept.token ? { Authorization: `Bearer ${kept.token}` } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      redirect: 'error',
    });
    const answer: unknown = await response.json().catch(() => null);
    const given = (answer as { token?: unknown } | null)?.token;
    if (typeof given === 'string') kept.token = given;
    return { status: response.status, body: answer };
  };
}
