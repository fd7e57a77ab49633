// The gateway, put together: what the doors let in, who may do what, and the link to the broker. Store, audit log, keys
// and clocks are arguments.
import { anchorKeeper } from '#platform/audit/anchors.ts';
import type { Anchor, Audit } from '#platform/audit/chain.ts';
import { KeyedRate } from '#platform/hop/keyed-rate.ts';
import { requireOwn } from '#platform/hop/own-certificate.ts';
import type { RevocationList } from '#platform/hop/revocation.ts';
import { loadTls, loadTrust } from '#platform/hop/tls-files.ts';
import type { Metrics } from '#platform/metrics/metrics.ts';
import { RelayTally } from '#platform/metrics/relay-tally.ts';
import { IDLE_MAX_SECONDS, type Limits, OVERALL_MAX_SECONDS, stricter } from '#platform/process/limits.ts';
import type { LocalHandlers } from '#platform/process/local-socket.ts';
import type { Log } from '#platform/process/log.ts';
import type { Store } from '#platform/state/store.ts';
import type { GrantKey } from '#protocol/outer/grant.ts';
import { actions } from './administration/actions.ts';
import { Administrators } from './administration/administrators.ts';
import { openAdministration } from './administration/listener.ts';
import { PolicyChanges } from './administration/policy-changes.ts';
import { socketHandlers } from './administration/socket.ts';
import { BrokerLink } from './broker-link.ts';
import type { GatewayConfig } from './config.ts';
import type { SignIns } from './doors/doors.ts';
import { openListener } from './doors/listener.ts';
import { otherOrigins, requirePageOf } from './doors/origins.ts';
import { routes } from './doors/routes.ts';
import { EnrolmentCodes } from './enrolment/codes.ts';
import { EnrolmentJournal } from './enrolment/journal.ts';
import { openEnrolment } from './enrolment/listener.ts';
import { Nonces } from './enrolment/nonces.ts';
import { EnrolmentRequests } from './enrolment/requests.ts';
import { Entitlements } from './entitlements.ts';
import { followGrantKey } from './grant-key-file.ts';
import { Grants } from './grants.ts';
import { InwardLanes } from './inward-lanes.ts';
import { Journal } from './journal.ts';
import { Leases } from './leases.ts';
import { exposeGateway } from './metrics.ts';
import { Policies } from './policies.ts';
import { Relays } from './relay.ts';
import { Revocation } from './revocation.ts';
import { Rights } from './rights.ts';
import { readAttestationRoots } from './sign-in/attestation.ts';
import { Authenticators } from './sign-in/authenticators.ts';
import { USER_COOKIE } from './sign-in/cookie.ts';
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
/** Each lets a handshake in and an offer to an agent: ever new ones would be a way inwards of their own (T09, docs/limits.md). */
const OPENINGS_OF_ONE_USER = { perSecond: 0.5, burst: 60 };
/** As the strictest that users can have (F1). */
const ADMINISTRATOR_LIMITS: Limits = { idleSeconds: IDLE_MAX_SECONDS, overallSeconds: OVERALL_MAX_SECONDS };

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
  /** null without such a listener */
  readonly administrationPort: number | null;
  /** null without such a listener */
  readonly enrolmentPort: number | null;
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
  requireOwnCertificates(config);
  const bornAt = now();

  const journal = new Journal(audit, log, now, monotonic);
  const troubled = (error: unknown) => journal.troubled(error);
  const users = new Users(store);
  const policies = new Policies(store);
  const limitsOf = async (municipality: string) => stricter(config.limits, await policies.of(municipality));
  const authenticators = new Authenticators({ store, seal, now }, policies, relyingPartyOf(config));
  const sessions = new Sessions(store, limitsOf, now);
  const history = new History(store);
  const signIns = heldSignIns(sessions, authenticators);
  const entitlements = new Entitlements(store);
  // No two processes can serve one administrator's socket, so its path names this one.
  const slots = new Slots(store, config.adminSocket, now);
  const tickets = new Tickets(store, now);
  const grants = new Grants(grantKey, now);

  // The listener tells the first one, too, so that no change falls between reading it here and watching it there.
  let revocations: RevocationList | null = null;
  const rights = new Rights({ users, authenticators, sessions, entitlements, revocations: () => revocations, now });
  const revocation = new Revocation({ store, rights, sessions, slots, now, monotonic, troubled });

  const keepAnchor = anchorKeeper(audit, monotonic);
  const broker: BrokerLink = new BrokerLink(config.broker, {
    nonce: (session, nonce) => void leases.answer(session, nonce),
    ended: (session, code) => relays.agentEnded(session, code),
    anchor: (anchor) => void keepAnchor(anchor, 'broker'),
    up: () => journal.brokerUp(),
    down: (error, waitMs) => journal.brokerDown(error, waitMs),
  });
  const relayed = new RelayTally();
  const relays = new Relays({
    ...{ signIns, tickets, rights, slots, broker, revocation, journal, relayed, now },
    inwardLanes: new InwardLanes(),
  });
  const leases = new Leases({ revocation, grants, broker, now: monotonic, troubled });

  const administrators = new Administrators(store);
  const ofAdministrators = {
    sessions: new Sessions(store, async () => ADMINISTRATOR_LIMITS, now),
    authenticators: new Authenticators({ store, seal, now }, policies, administratorsParty(config)),
  };
  const doors = { monotonic, rate: new KeyedRate({ ...REQUESTS_OF_ONE_CERTIFICATE, now: monotonic }), journal };
  const enrolment = {
    users,
    codes: new EnrolmentCodes(store, now),
    requests: new EnrolmentRequests(store, now),
    journal: new EnrolmentJournal(audit, monotonic),
  };
  const administrative = actions({
    ...{ users, authenticators, sessions, entitlements, slots, broker, journal, now, policies },
    changes: new PolicyChanges(store, policies, now),
    ...{ administrators, ofAdministrators },
    enrolment: { ...enrolment, isListening: config.enrolment !== undefined, trust: () => loadTrust(config.tls), now },
  });
  const stopWatching = revocation.start();
  const stopFollowing = followGrantKey(config.grantKey, grants, journal);
  const listener = await openListener({
    ...{ listen: config.listen, edge: config.edge, tls: config.tls, page: config.page },
    kind: 'user',
    origins: new Set(config.origins),
    others: new Set(otherOrigins(config.origins, loadTls(config.tls).own)),
    pagesOnly: false,
    cookie: USER_COOKIE,
    routes: routes({
      ...{ accounts: users, authenticators, policies, sessions, history, cookie: USER_COOKIE },
      ...{ entitlements, slots, tickets, grants, rights, relays, broker, journal, now },
      openings: new KeyedRate({ ...OPENINGS_OF_ONE_USER, now: monotonic }),
      ownFactors: new OwnFactors({ store, authenticators, policies, journal, now }),
      nameOf: async (owner) => (await users.find(owner))?.name ?? owner.user,
    }),
    sessions: signIns,
    ...doors,
    revocationsChanged(newest) {
      revocations = newest;
      revocation.certificatesChanged();
    },
  });
  const administration = config.administration
    ? await openAdministration(config.administration, {
        ...{ store, policies, history, now, administrators, ...ofAdministrators, ...doors },
        signIns: heldSignIns(ofAdministrators.sessions, ofAdministrators.authenticators),
        actions: administrative,
      })
    : null;
  const enrolmentListener = config.enrolment
    ? await openEnrolment(config.enrolment, {
        ...enrolment,
        nonces: new Nonces(monotonic),
        monotonic,
        operators: journal,
      })
    : null;
  // Only now: a second process started by mistake fails at the port, before it takes the first one's link over.
  const stopLinking = broker.start(parts.random);

  return {
    port: listener.port,
    administrationPort: administration?.port ?? null,
    enrolmentPort: enrolmentListener?.port ?? null,
    admin: socketHandlers(administrative, journal),
    forgetEarlierLife: () => slots.releaseLeftBehind(bornAt),
    anchor(checkpoint) {
      if (broker.isUp) broker.send({ type: 'anchor', ...checkpoint });
    },
    expose(metrics) {
      const listeners = { user: listener, enrolment: enrolmentListener, admin: administration };
      exposeGateway(metrics, { relays, relayed, refusedAtDoors: journal.refusedAtDoors, broker, listeners });
    },
    async close() {
      const listeners = [listener, ...(administration ? [administration] : [])];
      for (const one of listeners) one.stopListening();
      enrolmentListener?.close();
      relays.endAll();
      await stopLinking();
      stopWatching();
      stopFollowing();
      for (const one of listeners) one.close();
    },
  };
}

/** Of every listener, before any of them lets somebody in. @throws Failure naming the file */
function requireOwnCertificates({ tls, enrolment, administration }: GatewayConfig): void {
  requireOwn(tls, { kind: 'gateway-server', role: 'server' });
  if (enrolment) requireOwn(enrolment.tls, { kind: 'gateway-server', role: 'server' });
  if (administration) requireOwn(administration.tls, { kind: 'admin', role: 'server' });
}

/** Those whose authenticators are still there and still enough. */
function heldSignIns(sessions: Sessions, authenticators: Authenticators): SignIns {
  return {
    async find(...shown) {
      const signIn = await sessions.find(...shown);
      await authenticators.requireHeld(signIn);
      return signIn;
    },
  };
}

/** @throws Failure if no browser would let a page use its passkeys */
function relyingPartyOf({ webauthn, origins, tls }: GatewayConfig): RelyingParty | null {
  if (!webauthn) return null;
  const { rpId, rpName, attestationRoots } = webauthn;
  requirePageOf(rpId, 'webauthn.rpId', origins, loadTls(tls).own);
  return { rpId, rpName, attestationRoots: attestationRoots ? readAttestationRoots(attestationRoots) : [] };
}

/** With a host name of its own, so that no passkey of a user is one of an administrator. */
function administratorsParty({ administration, webauthn }: GatewayConfig): RelyingParty | null {
  if (!administration) return null;
  const roots = webauthn?.attestationRoots;
  const { rpId, rpName, tls } = administration;
  requirePageOf(rpId, 'administration.rpId', [], loadTls(tls).own);
  return { rpId, rpName, attestationRoots: roots ? readAttestationRoots(roots) : [] };
}
