// What goes out: an answer, or the code of a refusal and nothing else.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { refusalBody } from '#platform/hop/refusal-body.ts';
import { CODES, type Code, type Refusal } from '#protocol/codes.ts';
import { methodsAt, type Place } from './find-route.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { helpPage } from './help-page.ts';
import type { Answer, StaticFile } from './route.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** To who has shown no certificate that is of use; a browser gets a page for them. */
export const STRANGER_CODES: ReadonlySet<Code> = new Set(['CERTIFICATE_REQUIRED', 'CERTIFICATE_REFUSED']);

/** A connection that is refused for these is of no use; to ask again on it would cost less than to be refused (T25). */
const CLOSING_CODES: ReadonlySet<Code> = new Set([...STRANGER_CODES, 'TOO_MANY']);

/** @param more headers besides those of every answer */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status = 200, json, file, headers }: Answer,
  more: OutgoingHttpHeaders = {},
): void {
  const body = json === undefined ? null : Buffer.from(JSON.stringify(json));
  const [type, bytes, encoding] = file ? encoded(file, request) : [JSON_TYPE, body, null];
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    ...(bytes ? { 'Content-Type': type, 'Content-Length': bytes.length } : {}),
    ...(encoding ? { 'Content-Encoding': encoding } : {}),
    ...more,
    ...headers,
  });
  response.end(bytes ?? '');
}

function encoded({ type, bytes, gzip }: StaticFile, request: IncomingMessage): [string, Uint8Array, string | null] {
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  return takesGzip ? [type, gzip, 'gzip'] : [type, bytes, null];
}

export function sendRefusal(
  { routes }: { routes: readonly Place[] },
  request: IncomingMessage,
  response: ServerResponse,
  { code }: Refusal,
  more: OutgoingHttpHeaders = {},
): void {
  if (response.headersSent) return void response.destroy();
  const { http } = CODES[code];
  const forPeople = STRANGER_CODES.has(code) && (request.headers.accept ?? '').includes('text/html');
  const body = forPeople ? helpPage(code) : refusalBody(code);
  response.writeHead(http, {
    ...SECURITY_HEADERS,
    'Content-Type': forPeople ? 'text/html; charset=utf-8' : JSON_TYPE,
    'Content-Length': Buffer.byteLength(body),
    ...(code === 'METHOD_WRONG' ? { Allow: methodsAt(routes, request.url ?? '').join(', ') } : {}),
    // The rest of a body that nobody wants is not read.
    ...(request.complete && !CLOSING_CODES.has(code) ? {} : { Connection: 'close' }),
    ...more,
  });
  response.end(body);
}
