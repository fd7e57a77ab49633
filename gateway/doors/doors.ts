// The way in. Every request and every upgrade, of any path, goes through the same steps in this order; the one exception is
// a preflight of a page elsewhere, which can have no certificate and learns nothing (cross-origin.ts):
//
//   gate      verified certificate of the listener's kind, or nothing but the help page (T11)
//   rate      so many requests of one certificate
//   origin    allow-listed; a page must say where it comes from when it upgrades (F4)
//   route     from the table
//   session   where the row needs one: the cookie of a live sign-in of this certificate, or its token from elsewhere; a
//             WebSocket from elsewhere brings that with the ticket (F3, T05)
//
// Whatever is thrown ends as a code; no stack and no detail goes out.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { acceptSockets } from '#platform/hop/accept.ts';
import type { KeyedRate } from '#platform/hop/keyed-rate.ts';
import { type PeerIdentity, verifyPeer } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { type Reason, Refusal, refusalFrom } from '#protocol/codes.ts';
import { MUNICIPALITY } from '#protocol/names.ts';
import { type Journal, type Visitor, visitorOf } from '../journal.ts';
import { readBearer, readCookie } from '../sign-in/cookie.ts';
import type { Owner } from '../sign-in/owner.ts';
import type { SignIn } from '../sign-in/sessions.ts';
import { STRANGER_CODES, send, sendRefusal } from './answer.ts';
import { readBody } from './body.ts';
import { crossOriginHeaders, originOfPreflight, preflightHeaders } from './cross-origin.ts';
import { findRoute } from './find-route.ts';
import { identityHeaders, SECURITY_HEADERS } from './headers.ts';
import type { Route, Visit } from './route.ts';

export interface DoorParts {
  /** Whose certificates come in. */
  kind: 'user' | 'admin';
  routes: readonly Route[];
  /** Of pages that may use this gateway, such as https://telework.example.jp */
  origins: ReadonlySet<string>;
  /** Those of them that are not this listener's own; none if left out. */
  others?: ReadonlySet<string>;
  /** Also a request must say where it comes from, unless it only reads: then pages are its only clients. */
  pagesOnly: boolean;
  /** Name of the sign-in's cookie. */
  cookie: string;
  sessions: SignIns;
  rate: KeyedRate;
  journal: Journal;
  /** Told who has passed the gate: its connection is no stranger's any more. */
  known(peer: TLSSocket): void;
}

export interface SignIns {
  /** @throws SESSION_*, FACTOR_GONE */
  find(owner: Owner, thumbprint: string, secret: string | null): Promise<SignIn>;
}

/** Takes upgrades. @returns what answers every other request */
export function openDoors(
  server: Server,
  parts: DoorParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  acceptSockets(
    server,
    (request) => upgrade(parts, request),
    (refusal, socket) => note(parts, socket, refusal, BYPASS_BY_UPGRADE),
  );
  return (request, response) => void serve(parts, request, response);
}

async function serve(parts: DoorParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const preflight = originOfPreflight(request, parts.others ?? NOWHERE);
  if (preflight !== null) return sendPreflight(response, preflight);
  try {
    const visit = passGate(parts, request);
    checkOrigin(parts, request, { required: parts.pagesOnly && request.method !== 'GET' });
    const route = findRoute(parts.routes, request.method ?? '', request.url ?? '');
    if (route.method === 'UPGRADE') throw new Refusal('ROUTE_UNKNOWN', 'a request where an upgrade was due');
    const answer =
      route.needs === 'session'
        ? await route.answer({ ...visit, signIn: await requireSession(parts, visit, request) })
        : await route.answer(visit);
    send(request, response, answer, headersFor(parts, request));
  } catch (error) {
    const refusal = refusalFrom(error);
    note(parts, socketOf(request), refusal, BYPASS);
    sendRefusal(parts, request, response, refusal, headersFor(parts, request));
  }
}

async function upgrade(parts: DoorParts, request: IncomingMessage): Promise<(socket: Socket) => void> {
  const visit = passGate(parts, request);
  checkOrigin(parts, request, { required: true });
  const route = findRoute(parts.routes, 'UPGRADE', request.url ?? '');
  if (route.method !== 'UPGRADE') throw new Refusal('ROUTE_UNKNOWN');
  const signIn = visit.isElsewhere ? null : await requireSession(parts, visit, request);
  return (socket) => route.take({ ...visit, signIn }, socket);
}

/** @throws CERTIFICATE_*, REVOCATION_UNKNOWN, RATE_EXCEEDED */
function passGate(parts: DoorParts, request: IncomingMessage): Visit {
  const { kind, journal, rate } = parts;
  const socket = socketOf(request);
  const peer = verify(kind, socket);
  parts.known(socket);
  const visitor = visitorOf(peer, socket.remoteAddress);
  if (!rate.admit(peer.thumbprint)) throw new Refusal('RATE_EXCEEDED');
  for (const header of identityHeaders(request)) journal.identityHeader(header, visitor);
  const origin = request.headers.origin ?? null;
  const isElsewhere = isFromElsewhere(parts, request);
  return { peer, visitor, origin, isElsewhere, body: (schema) => readBody(request, schema) };
}

/** @throws CERTIFICATE_*, REVOCATION_UNKNOWN */
function verify(kind: DoorParts['kind'], socket: TLSSocket): PeerIdentity {
  const peer = verifyPeer(socket, { kind, role: 'client' });
  if (kind === 'user' && !MUNICIPALITY.test(peer.municipality)) {
    throw new Refusal('CERTIFICATE_WRONG_KIND', 'a user without a municipality');
  }
  return peer;
}

/** @throws ORIGIN_WRONG */
function checkOrigin({ origins }: DoorParts, request: IncomingMessage, { required }: { required: boolean }): void {
  const { origin } = request.headers;
  if (origin === undefined && !required) return;
  if (origin === undefined || !origins.has(origin)) throw new Refusal('ORIGIN_WRONG');
}

function isFromElsewhere({ others = NOWHERE }: DoorParts, { headers: { origin } }: IncomingMessage): boolean {
  return origin !== undefined && others.has(origin);
}

const NOWHERE: ReadonlySet<string> = new Set();

/** From elsewhere a cookie does not count: it would be one that another site's page can make the browser send (T24). */
function requireSession(
  { sessions, cookie }: DoorParts,
  { visitor, isElsewhere }: Visit,
  { headers }: IncomingMessage,
): Promise<SignIn> {
  const secret = isElsewhere ? readBearer(headers.authorization) : readCookie(cookie, headers.cookie);
  return sessions.find(visitor, visitor.thumbprint, secret);
}

function sendPreflight(response: ServerResponse, origin: string): void {
  // Nobody is known on this connection, and nothing else can be asked on it.
  response.writeHead(204, { ...SECURITY_HEADERS, ...preflightHeaders(origin), Connection: 'close' });
  response.end();
}

/** So that a page elsewhere may read the answer, refusals included. */
function headersFor(parts: DoorParts, request: IncomingMessage): OutgoingHttpHeaders {
  const { origin } = request.headers;
  return origin !== undefined && isFromElsewhere(parts, request) ? crossOriginHeaders(origin) : {};
}

/** What no client of ours ever does; each goes into the audit log. */
const BYPASS: ReadonlySet<Reason> = new Set([
  'ORIGIN_WRONG',
  'METHOD_WRONG',
  'SESSION_OTHER_USER',
  'SESSION_OTHER_CERTIFICATE',
]);
const BYPASS_BY_UPGRADE: ReadonlySet<Reason> = new Set([...BYPASS, 'ROUTE_UNKNOWN', 'BODY_MALFORMED']);

function note({ kind, journal }: DoorParts, socket: TLSSocket, refusal: Refusal, bypass: ReadonlySet<Reason>): void {
  journal.refusedAtDoors.add(refusal.code);
  if (STRANGER_CODES.has(refusal.code)) journal.certificateRefused(refusal, socket.remoteAddress);
  else if (bypass.has(refusal.reason)) journal.bypassAttempt(refusal, visitorAt(kind, socket), socket.remoteAddress);
  else if (refusal.reason === 'INTERNAL') journal.troubled(refusal);
}

function visitorAt(kind: DoorParts['kind'], socket: TLSSocket): Visitor | null {
  try {
    return visitorOf(verify(kind, socket), socket.remoteAddress);
  } catch {
    return null;
  }
}

/** An HTTPS server's requests come over TLS sockets; Node's type knows only the plain one. */
function socketOf(request: IncomingMessage): TLSSocket {
  return request.socket as TLSSocket;
}
