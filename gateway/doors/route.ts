// What a route is. The table itself stands in routes.ts.
import type * as z from 'zod';
import type { PeerIdentity } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { Visitor } from '../journal.ts';
import type { SignIn } from '../sign-in/sessions.ts';

/** A request that has passed the certificate gate. */
export interface Visit {
  peer: PeerIdentity;
  visitor: Visitor;
  /** As the request says, and allowed; null if it does not say. */
  origin: string | null;
  /** The page is of another origin than this gateway: no cookie goes there and none comes from there (T24). */
  isElsewhere: boolean;
  /** @throws BODY_TOO_LARGE, BODY_MALFORMED */
  body<T>(schema: z.ZodType<T>): Promise<T>;
}

/** … and has shown the cookie, or from elsewhere the token, of a live sign-in of that certificate. */
export interface SignedInVisit extends Visit {
  signIn: SignIn;
}

/** A WebSocket from elsewhere can carry no token in its upgrade: there is no sign-in yet then. */
export interface UpgradeVisit extends Visit {
  signIn: SignIn | null;
}

export interface Answer {
  /** 200 if left out. */
  status?: number;
  /** Left out, as `file`: no body. */
  json?: unknown;
  file?: StaticFile;
  headers?: Readonly<Record<string, string>>;
}

/** Sent as it is, or compressed to who takes that. */
export interface StaticFile {
  /** Content-Type */
  type: string;
  bytes: Uint8Array;
  gzip: Uint8Array;
}

/** The certificate gate stands before every route, so the least that one can need is 'certificate'. */
export type Route =
  | { method: Method; path: string; needs: 'certificate'; answer(visit: Visit): Promise<Answer> }
  | { method: Method; path: string; needs: 'session'; answer(visit: SignedInVisit): Promise<Answer> }
  | { method: 'UPGRADE'; path: string; needs: 'session'; take(visit: UpgradeVisit, socket: Socket): void };

/** A file of a page: the same for whoever may ask for it. */
export type PageRoute = { method: 'GET'; path: string; needs: 'certificate'; answer(): Promise<Answer> };

type Method = 'GET' | 'POST' | 'DELETE';
