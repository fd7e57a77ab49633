// The second listener. TLS with the server's certificate only, since who enrols has none yet; so nothing is served here but
// enrolment: no route of the gateway's own can be reached through it, whatever certificate a client has (T21).
//
//   rate     so many requests of one address and, of those that cost anything, of all together; fewer still with a code
//   origin   a page must be this listener's own (F4)
//   route    from the table, or a file of the enrolment page
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { Edge } from '#platform/hop/edge.ts';
import { type EdgeLimits, serverLimits } from '#platform/hop/edge-limits.ts';
import { loadOwn, type OwnFiles } from '#platform/hop/tls-files.ts';
import { reloadUnasking, unaskingTls } from '#platform/hop/tls-unasking.ts';
import { listen } from '#platform/process/listen.ts';
import { type Code, Refusal, refusalFrom } from '#protocol/codes.ts';
import { send, sendRefusal } from '../doors/answer.ts';
import { readBody } from '../doors/body.ts';
import { findRoute } from '../doors/find-route.ts';
import { ownOrigins } from '../doors/origins.ts';
import { pageRoutes } from '../doors/page.ts';
import type { Journal } from '../journal.ts';
import type { EnrolmentJournal } from './journal.ts';
import { Rates } from './rates.ts';
import { type EnrolmentParts, enrolmentRoutes, type StrangersRoute } from './routes.ts';

export interface EnrolmentConfig {
  listen: { host: string; port: number };
  edge: EdgeLimits;
  tls: OwnFiles;
  /** A folder that `npm run page` made; left out, only the headless client can enrol here. */
  page?: string | undefined;
}

/** Worth an audit event; the rest of what a stranger may do wrong is only counted. */
const RECORDED: ReadonlySet<Code> = new Set<Code>([
  'ENROLMENT_REFUSED',
  'ENROLMENT_REQUEST_REFUSED',
  'ENROLMENT_ANSWER_REFUSED',
  'ENROLMENT_DECLINED',
]);

interface Doors {
  routes: readonly StrangersRoute[];
  origins(): readonly string[];
  rates: Rates;
  journal: EnrolmentJournal;
  /** Counts every refusal, and tells the operators of what is no stranger's doing. */
  operators: Pick<Journal, 'refusedAtDoors' | 'troubled' | 'connectionRefused'>;
}

/** @throws Failure in one line: a file that cannot be used, a port in use */
export async function openEnrolment(
  config: EnrolmentConfig,
  parts: EnrolmentParts & Pick<Doors, 'operators'> & { monotonic(): number },
): Promise<{ port: number; readonly connections: Edge['measures']; close(): void }> {
  const server = createServer({ ...unaskingTls(config.tls), ...serverLimits(config.edge) });
  let origins: string[] = [];
  const doors: Doors = {
    routes: [...enrolmentRoutes(parts), ...(config.page ? pageRoutes(config.page, () => origins) : [])],
    origins: () => origins,
    rates: new Rates(parts.monotonic),
    journal: parts.journal,
    operators: parts.operators,
  };
  const edgeParts = {
    limits: config.edge,
    now: parts.monotonic,
    refused: (refusal: Refusal, address: string) => parts.operators.connectionRefused('enrolment', refusal, address),
  };
  // An upgrade without a listener is a request like any other.
  const edge = new Edge(server, edgeParts, (request, response) => {
    edge.established(request.socket as TLSSocket);
    void serve(doors, request, response);
  });
  const stopReloading = reloadUnasking(server, config.tls);
  const port = await listen(server, config.listen).catch((error) => {
    stopReloading();
    throw error;
  });
  origins = ownOrigins(loadOwn(config.tls).own, port);
  return {
    port,
    get connections() {
      return edge.measures;
    },
    close() {
      stopReloading();
      server.close();
      edge.close();
      server.closeAllConnections();
    },
  };
}

async function serve(doors: Doors, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const address = request.socket.remoteAddress ?? '';
  try {
    doors.rates.admit(address, { isRead: request.method === 'GET' });
    const { origin } = request.headers;
    if (origin !== undefined && !doors.origins().includes(origin)) throw new Refusal('ORIGIN_WRONG');
    const route = findRoute(doors.routes, request.method ?? '', request.url ?? '');
    if (route.triesCode) doors.rates.admitCode(address);
    send(request, response, await route.answer({ address, body: (schema) => readBody(request, schema) }));
  } catch (error) {
    const refusal = refusalFrom(error);
    doors.operators.refusedAtDoors.add(refusal.code);
    if (refusal.reason === 'INTERNAL') doors.operators.troubled(refusal);
    if (RECORDED.has(refusal.code)) doors.journal.refused(refusal, address);
    sendRefusal(doors, request, response, refusal);
  }
}
