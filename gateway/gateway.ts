// The gateway, put together: what the doors let in, who may do what, and the link to the broker. Store, audit log, keys
// and clocks are arguments.
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { anchorKeeper } from '#platform/audit/anchors.ts';
import type { Anchor, Audit } from '#platform/audit/chain.ts';
import { reloadOnChange, serverTls } from '#platform/hop/tls.ts';
import { loadTls, loadTrust } from '#platform/hop/tls-files.ts';
import type { Metrics } from '#platform/metrics/metrics.ts';
import { RelayTally } from '#platform/metrics/relay-tally.ts';
import { listen } from '#platform/process/listen.ts';
import type { LocalHandlers } from '#platform/process/local-socket.ts';
import type { Log } from '#platform/process/log.ts';
import type { Store } from '#platform/state/store.ts';
import type { GrantKey } from '#protocol/outer/grant.ts';
import { adminHandlers } from './admin-api.ts';
import { BrokerLink } from './broker-link.ts';
import type { GatewayConfig } from './config.ts';
import { openDoors, type SignIns } from './doors/doors.ts';
import { limitConnections, RequestRate, SERVER_LIMITS } from './doors/limits.ts';
import { otherOrigins, ownOrigins } from './doors/origins.ts';
import { pageRoutes } from './doors/page.ts';
import { routes } from './doors/routes.ts';
import { Entitlements } from './entitlements.ts';
import { Grants } from './grants.ts';
import { Journal } from './journal.ts';
import { Leases } from './leases.ts';
import { exposeGateway } from './metrics.ts';
import { Policies } from './policies.ts';
import { Relays } from './relay.ts';
import { Revocation } from './revocation.ts';
import { Rights } from './rights.ts';
import { readAttestationRoots } from './sign-in/attestation.ts';
import { Authenticators } from './sign-in/authenticators.ts';
import type { FactorSeal } from './sign-in/factors.ts';
import { History } from './sign-in/history.ts';
import { OwnFactors } from './sign-in/own-factors.ts';
import type { RelyingParty } from './sign-in/passkeys.ts';
import { Sessions } from './sign-in/sessions.ts';
import { Slots } from './slots.ts';
import { Tickets } from './tickets.ts';
import { Users } from './users.ts';

/** A person clicks; a script that is in a hurry waits. */
const REQUESTS_OF_ONE_CERTIFICATE = { perSecond: 20, burst: 60 };

export interface GatewayParts {
  store: Store;
  audit: Audit;
  log: Log;
  seal: FactorSeal;
  grantKey: GrantKey;
  /** Wall clock, ms. */
  now(): number;
  /** ms, from whenever. */
  monotonic(): number;
  /** In [0, 1), for the back-off of the broker link. */
  random(): number;
}

export interface Gateway {
  readonly port: number;
  /** For the administrator's Unix socket. */
  readonly admin: LocalHandlers;
  /** Frees what sessions of an earlier life hold. Call it once the administrator's socket is this process's own. */
  forgetEarlierLife(): Promise<void>;
  /** Tells the broker the newest checkpoint of the gateway's own audit log. */
  anchor(checkpoint: Anchor): void;
  expose(metrics: Metrics): void;
  close(): Promise<void>;
}

/** @throws Failure in one line: a file that cannot be used, a port in use */
export async function startGateway(config: GatewayConfig, parts: GatewayParts): Promise<Gateway> {
  const { store, audit, log, seal, grantKey, now, monotonic } = parts;
  const bornAt = now();

  const journal = new Journal(audit, log, now);
  const troubled = (error: unknown) => journal.troubled(error);
  const users = new Users(store);
  const policies = new Policies(store);
  const authenticators = new Authenticators({ store, seal, now }, policies, relyingPartyOf(config));
  const sessions = new Sessions(store, config.limits, now);
  const history = new History(store);
  const signIns: SignIns = {
    async find(...shown) {
      const signIn = await sessions.find(...shown);
      await authenticators.requireHeld(signIn);
      return signIn;
    },
  };
  const entitlements = new Entitlements(store);
  // No two processes can serve one administrator's socket, so its path names this one.
  const slots = new Slots(store, config.adminSocket, now);
  const tickets = new Tickets(store, now);
  const grants = new Grants(grantKey, config.limits, now);

  let { revocations } = loadTrust(config.tls);
  const rights = new Rights({ users, authenticators, sessions, entitlements, revocations: () => revocations, now });
  const revocation = new Revocation({ store, rights, sessions, slots, now, troubled });

  const keepAnchor = anchorKeeper(audit, monotonic);
  const broker: BrokerLink = new BrokerLink(config.broker, {
    nonce: (session, nonce) => void leases.answer(session, nonce),
    ended: (session, code) => relays.agentEnded(session, code),
    anchor: (anchor) => void keepAnchor(anchor, 'broker'),
    up: () => journal.brokerUp(),
    down: (error, waitMs) => journal.brokerDown(error, waitMs),
  });
  const relayed = new RelayTally();
  const relays = new Relays({ signIns, tickets, rights, slots, broker, revocation, journal, relayed, now });
  const leases = new Leases({ revocation, grants, broker, now: monotonic, troubled });

  const server = createServer({ ...serverTls(config.tls), ...SERVER_LIMITS });
  const open = new Set<TLSSocket>();
  server.on('secureConnection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  limitConnections(server, config.connectionsPerAddress);
  const stopReloading = reloadOnChange(server, config.tls, (newest) => {
    revocations = newest;
    revocation.certificatesChanged();
  });
  const origins = new Set(config.origins);
  const others = new Set(otherOrigins(config.origins, loadTls(config.tls).own));
  const ownFactors = new OwnFactors({ store, authenticators, policies, journal, now });
  /** Complete once the port is known. */
  let own: readonly string[] = [];
  openDoors(server, {
    ...{ origins, others },
    routes: [
      ...(config.page ? pageRoutes(config.page, () => own) : []),
      ...routes({
        ...{ accounts: users, authenticators, policies, sessions, history, ownFactors },
        ...{ entitlements, slots, tickets, grants, rights, relays, broker, journal, now },
        nameOf: async (owner) => (await users.find(owner))?.name ?? owner.user,
      }),
    ],
    sessions: signIns,
    rate: new RequestRate({ ...REQUESTS_OF_ONE_CERTIFICATE, now: monotonic }),
    journal,
  });
  const stopWatching = revocation.start();
  const port = await listen(server, config.listen);
  own = ownOrigins(loadTls(config.tls).own, port);
  for (const origin of own) origins.add(origin);
  // Only now: a second process started by mistake fails at the port, before it takes the first one's link over.
  const stopLinking = broker.start(parts.random);

  return {
    port,
    admin: adminHandlers({ users, authenticators, sessions, entitlements, slots, broker, journal }),
    forgetEarlierLife: () => slots.releaseLeftBehind(bornAt),
    anchor(checkpoint) {
      if (broker.isUp) broker.send({ type: 'anchor', ...checkpoint });
    },
    expose: (metrics) => exposeGateway(metrics, { relays, relayed, refusedAtDoors: journal.refusedAtDoors, broker }),
    async close() {
      server.close();
      relays.endAll();
      await stopLinking();
      stopWatching();
      stopReloading();
      // Upgraded sockets are no longer the HTTP server's to close.
      for (const socket of open) socket.destroySoon();
    },
  };
}

function relyingPartyOf({ webauthn }: GatewayConfig): RelyingParty | null {
  if (!webauthn) return null;
  const { rpId, rpName, attestationRoots } = webauthn;
  return { rpId, rpName, attestationRoots: attestationRoots ? readAttestationRoots(attestationRoots) : [] };
}
