// What a browser may do with a page of ours, and what it may not (T10, T20). Whatever serves the page sends these:
// the gateway itself, or another server (`npm run page -- --gateway …` prints them).
import { SECURITY_HEADERS } from './headers.ts';

/** Of everything that takes something out of the page or lets something into it, the page gets nothing. */
const OFF = [
  ...['accelerometer', 'autoplay', 'browsing-topics', 'camera', 'clipboard-read', 'clipboard-write'],
  ...['display-capture', 'encrypted-media', 'geolocation', 'gyroscope', 'hid', 'identity-credentials-get'],
  ...['idle-detection', 'local-fonts', 'magnetometer', 'microphone', 'midi', 'payment', 'picture-in-picture'],
  ...['screen-wake-lock', 'serial', 'storage-access', 'usb', 'window-management', 'xr-spatial-tracking'],
];
const OWN = ['fullscreen', 'publickey-credentials-create', 'publickey-credentials-get'];

/**
 * @param gateways origins that the page may connect to over https and wss, beside the one that it comes from
 */
export function pageHeaders(gateways: readonly string[]): Record<string, string> {
  // A policy cannot name an IPv6 address (CSP3, host-source); a page from there has 'self'.
  const connect = gateways
    .filter((origin) => !origin.includes('['))
    .flatMap((origin) => [origin, origin.replace(/^https:/, 'wss:')]);
  return {
    ...SECURITY_HEADERS,
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "font-src 'self'",
      ["connect-src 'self'", ...connect].join(' '),
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ].join('; '),
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Permissions-Policy': [...OFF.map((name) => `${name}=()`), ...OWN.map((name) => `${name}=(self)`)].join(', '),
  };
}
