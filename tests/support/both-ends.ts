// A client's core and an agent's core, whole and real, on a data link in memory. Gateway and broker are played: they do
// what the honest ones do, and a test may put itself in their place. Clocks are the test's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { Admission } from '#agent/admission.ts';
import type { OpenDesktop } from '#agent/desktop/desktop.ts';
import { Home } from '#agent/home.ts';
import { Pairings } from '#agent/pairings.ts';
import type { OpenScreen } from '#agent/screen/screen-sender.ts';
import { Sessions } from '#agent/sessions.ts';
import type { SessionsParts } from '#agent/start.ts';
import type { Audit } from '#platform/audit/chain.ts';
import { createLog } from '#platform/process/log.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import type { Store } from '#platform/state/store.ts';
import { toHex } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import type { DataSocket } from '#protocol/outer/data-socket.ts';
import type { GrantClaims, GrantKey } from '#protocol/outer/grant.ts';
import type { FromAgent } from '#protocol/outer/link.ts';
import { DESKTOP, grantFor, grantKey, type KeyPair } from '#tests/agent/parts.ts';
import { DesktopSession, type SessionEvents } from '#web/core/desktop-session.ts';
import type { End } from '#web/core/ends.ts';
import {
  type OpenedSession,
  type Opening,
  openDesktop,
  type Pinned,
  pairDevice,
  type Surroundings,
} from '#web/core/open.ts';
import type { Event } from './broker.ts';
import { agentKey, deviceKey, pairedOf, proverOf, USER } from './end-to-end.ts';
import { FakeDesktop } from './fake-desktop.ts';
import { MemoryLink, settle } from './memory-link.ts';
import { PINS } from './passkey.ts';
import { produce } from './produced-events.ts';

export { DESKTOP, USER };
/** Another desktop of the same agent. */
export const OTHER_DESKTOP = '131016/soumu/pc-02';
/** Beginning of both clocks, ms. */
const WALL = Date.parse('2026-11-22T00:00:00Z');

/** Fake timers of sessions and openings; one more is the state's, which asks for others' changes until the agent stops. */
export const timersLeft = (): number => Math.max(0, vi.getTimerCount() - 1);

export interface BothEnds {
  clock: { monotonic: number; wall: number };
  /** Both clocks. */
  pass(ms: number): void;
  keys: KeyPair;
  store: Store;
  audit: Audit & { healthy: boolean; events: Event[]; of(event: string): Event[] };
  home: Home;
  admission: Admission;
  pairings: Pairings;
  sessions: Sessions;
  /** What they are made of. */
  parts: SessionsParts;
  desktops: ReadonlyMap<string, FakeDesktop>;
  /** DESKTOP's */
  desktop: FakeDesktop;
  /** How DESKTOP is attached; by default at once. */
  attach: OpenDesktop;
  /** What the agent said on its control link. */
  told: FromAgent[];
  onTold: (message: FromAgent) => void;
  /** Every data link, newest last. */
  links: MemoryLink[];
  /** The newest. */
  link(): MemoryLink;
  /** Before a link is used. */
  onLink: (link: MemoryLink) => void;
  /** Changes what the gateway signs. */
  claims: Partial<GrantClaims>;
  /** What the gateway answers to "open", for a test to change. */
  answered: (answer: Record<string, unknown>) => Record<string, unknown>;
  /** In the agent's place of the dialling. */
  dialData: (link: MemoryLink) => Promise<DataSocket>;
  client: Surroundings;
  opening: Opening;
  pinned: Pinned;
  /** Pairs deviceKey without a handshake. */
  paired(user?: string, desktop?: string): Promise<void>;
  open(changes?: Partial<Opening>, pinned?: Partial<Pinned>): Promise<OpenedSession>;
  /** Opens and shows it. */
  show(changes?: Partial<Opening>, events?: Partial<SessionEvents>): Promise<Shown>;
  pair(code: string, changes?: Partial<Opening>): ReturnType<typeof pairDevice>;
}

export interface Shown {
  session: DesktopSession;
  /** The session's id. */
  id: string;
  opened: OpenedSession;
  /** Bytes of the frame lane. */
  frames: Uint8Array[];
  ends: End[];
}

/** @param given clocks that go by themselves, pins of another gateway than the played one, another screen's way out */
export async function bothEnds(
  given: { clock?: BothEnds['clock']; pins?: readonly GrantKey[]; openScreen?: OpenScreen } = {},
): Promise<BothEnds> {
  const folder = mkdtempSync(join(tmpdir(), 'telework-ends-'));
  const clock = given.clock ?? { monotonic: 0, wall: WALL };
  const store = openSqliteStore(join(folder, 'agent.db'), { now: () => clock.wall });
  const keys = await grantKey();
  const audit = fittingAudit();
  const pairings = new Pairings(store, nodeCipher, () => clock.wall);
  const desktops = new Map([DESKTOP, OTHER_DESKTOP].map((id) => [id, new FakeDesktop()]));
  const pins = given.pins ?? [keys.pin];
  const attachTo = (id: string): OpenDesktop => {
    const desktop = desktops.get(id) as FakeDesktop;
    return async (events) => {
      desktop.events = events;
      return desktop;
    };
  };
  const home = new Home('131016', {
    desktops: new Map([
      [DESKTOP, (events) => ends.attach(events)],
      [OTHER_DESKTOP, attachTo(OTHER_DESKTOP)],
    ]),
    pins,
  });
  const admission = new Admission(home, store, audit, () => clock.wall);
  const granted = new Map<string, { session: string; jws: string }>();
  const waiting = new Map<string, MemoryLink>();

  const parts: SessionsParts = {
    admission,
    pairings,
    store,
    audit,
    cipher: nodeCipher,
    identity: agentKey,
    webauthn: PINS,
    home,
    limits: { idleSeconds: 900, overallSeconds: 43_200 },
    clock: { monotonic: () => clock.monotonic, wall: () => clock.wall },
    log: createLog('agent', { write: () => {} }),
    dialData: () => ends.dialData(ends.link()),
    ...(given.openScreen && { openScreen: given.openScreen }),
    tell(message) {
      ends.told.push(message);
      ends.onTold(message);
      // What an honest broker and gateway do with it.
      if (message.type === 'ended') waiting.get(message.session)?.cut(message.code);
    },
  };
  const sessions = new Sessions(parts);

  const client: Surroundings = {
    cipher: nodeCipher,
    now: () => clock.monotonic,
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    async request(_method, _path, body) {
      const { desktop, mode, hello } = body as { desktop: string; mode: 'open' | 'pair'; hello: string };
      const session = ends.claims.session ?? toHex(nodeCipher.random(16));
      const claims = { aud: desktop, mode, hello, ...ends.claims, session };
      const jws = await grantFor(keys.signer, clock.wall, claims);
      const ticket = toHex(nodeCipher.random(16));
      granted.set(ticket, { session, jws });
      const answer = { session, epoch: 0, municipality: '131016', desktop, ticket, grant: jws };
      return { status: 200, body: ends.answered(answer) };
    },
    async dial() {
      const link: MemoryLink = new MemoryLink((from, text) => {
        const said = JSON.parse(text);
        const known = granted.get(said.ticket);
        if (from === 'client' && known) {
          waiting.set(known.session, link);
          void sessions.offer(known.session, known.jws);
        }
        // Whichever link the agent's came for: paired by the session it names, as a broker does.
        if (from === 'agent') waiting.get(said.session)?.say(JSON.stringify({ type: 'paired', session: said.session }));
      });
      ends.links.push(link);
      ends.onLink(link);
      return link.client;
    },
  };

  const ends: BothEnds = {
    ...{ clock, keys, store, audit, home, admission, pairings, sessions, parts, desktops, client },
    pass(ms) {
      clock.monotonic += ms;
      clock.wall += ms;
    },
    desktop: desktops.get(DESKTOP) as FakeDesktop,
    attach: attachTo(DESKTOP),
    told: [],
    onTold: () => {},
    links: [],
    link: () => ends.links.at(-1) as MemoryLink,
    onLink: () => {},
    claims: {},
    answered: (answer) => answer,
    dialData: async (link) => link.agent,
    opening: { suite: DEFAULT_SUITE, user: USER, desktop: DESKTOP, prover: proverOf(deviceKey) },
    pinned: { agentKey: agentKey.publicKey, credentialId: null },
    async paired(user = USER, desktop = DESKTOP) {
      await pairings.issue(user, desktop, false);
      await pairings.learn(user, desktop, pairedOf(deviceKey));
    },
    open: (changes = {}, pinned = {}) =>
      openDesktop(client, { ...ends.opening, ...changes }, { ...ends.pinned, ...pinned }),
    pair: (code, changes = {}) => pairDevice(client, { ...ends.opening, ...changes }, code),
    async show(changes = {}, events = {}) {
      const opened = await ends.open(changes);
      const frames: Uint8Array[] = [];
      const over: End[] = [];
      const session = new DesktopSession(client, opened, {
        frame: (bytes) => void frames.push(bytes.slice()),
        ended: (end) => void over.push(end),
        ...events,
      });
      await settle();
      return { session, opened, frames, ends: over, id: opened.established.session.id };
    },
  };
  onTestFinished(async () => {
    await sessions.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return ends;
}

/** Remembers what the real one would write, in the form that it would have. */
function fittingAudit(): BothEnds['audit'] {
  const events: Event[] = [];
  const audit: BothEnds['audit'] = {
    events,
    healthy: true,
    of: (event) => events.filter((one) => one.event === event),
    record(event, fields) {
      events.push({ event, ...produce(event, fields) });
    },
    checkpoint() {},
    anchor() {},
    close() {},
  };
  return audit;
}
