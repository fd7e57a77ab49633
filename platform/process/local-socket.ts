// Commands to a running process of the same machine and user: JSON over HTTP over a Unix socket of mode 0600. Nothing
// listens on the network for this, so the file's owner is who may call (E9). Calling is local-call.ts: the broker serves,
// and holds no code that calls anybody (T08).
import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import * as z from 'zod';
import { CODES, Refusal, refusalFrom } from '#protocol/codes.ts';
import { Failure } from './exit.ts';
import { parseJson, readAll } from './local-message.ts';

const REQUEST_MAX_BYTES = 64 * 1024;
const CALL_MAX_MS = 30_000;
/** sun_path on Linux holds 108 bytes with the closing zero; a longer name would be cut silently. */
const PATH_MAX_BYTES = 107;

/** One command each. The body is whatever JSON the caller sent; a handler parses it with zod before use. */
export type LocalHandlers = Readonly<Record<string, (body: unknown) => Promise<unknown> | unknown>>;

/**
 * Serves the handlers at `path`; a handler's name is the request path. A thrown Refusal or Failure reaches the caller
 * as such, a ZodError as BODY_MALFORMED.
 * @throws Failure if another process answers there, or the path is no socket, too long or not writable
 */
export async function serveLocal(path: string, handlers: LocalHandlers): Promise<{ close(): Promise<void> }> {
  if (Buffer.byteLength(path) > PATH_MAX_BYTES) throw new Failure(`${path}: longer than a socket's path may be`);
  await removeStale(path);
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing, handlers));
  server.maxHeadersCount = 32;
  server.requestTimeout = CALL_MAX_MS;
  await bindPrivately(server, path);
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A socket file whose owner was killed stays behind; only one that nobody answers is removed. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new Failure(`${path}: exists and is not a socket`);
  if (await answers(path)) throw new Failure(`${path}: in use by another process`);
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Anything but "nobody listens" leaves the file alone: EACCES means that it is somebody else's.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}

/** The mode is set by the umask at bind, so that there is no moment at which others may connect. */
async function bindPrivately(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  const before = process.umask(0o177);
  try {
    server.listen({ path }, resolve);
  } finally {
    process.umask(before);
  }
  try {
    await promise;
  } catch (error) {
    throw new Failure(`${path}: no socket can be made there (${(error as NodeJS.ErrnoException).code})`);
  } finally {
    server.off('error', reject);
  }
  const mode = statSync(path).mode & 0o777;
  if (mode !== 0o600) {
    server.close();
    throw new Failure(`${path}: the folder's file system gave mode ${mode.toString(8)} instead of 600`);
  }
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, handlers: LocalHandlers): Promise<void> {
  let status = 200;
  let body: unknown;
  try {
    body = { result: (await call(incoming, handlers)) ?? null };
  } catch (error) {
    if (error instanceof Failure) {
      status = 400;
      body = { failure: error.message };
    } else {
      const refusal = refusalOf(error);
      status = CODES[refusal.code].http;
      body = { refusal: { reason: refusal.reason, detail: refusal.detail } };
    }
  }
  // Closing instead of reading on: a body that was refused for its size is not worth its bytes.
  outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  outgoing.end(JSON.stringify(body));
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof z.ZodError)) return refusalFrom(error);
  const issue = error.issues[0];
  return new Refusal('BODY_MALFORMED', `${issue?.path.join('.') || 'body'}: ${issue?.code ?? 'invalid'}`);
}

async function call(incoming: IncomingMessage, handlers: LocalHandlers): Promise<unknown> {
  const name = incoming.url?.slice(1) ?? '';
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (incoming.method !== 'POST' || !handler) throw new Refusal('ROUTE_UNKNOWN');
  return handler(parseJson(await readAll(incoming, REQUEST_MAX_BYTES)));
}
