// All sessions of this agent: takes an offer to a live session or a pairing, keeps one session a desktop, and passes
// leases, revocations and the end on.
//
//   offer → opening.ts → verified user → place → still paired? → the user's earlier places end → attach → ready →
//   Session → ended → desktop locked: the place is free
//
// A desktop in use is taken over by the same user's verified proof and by nobody else's (F5, T01).
import { availableParallelism } from 'node:os';
import { stricter } from '#platform/process/limits.ts';
import type { Log } from '#platform/process/log.ts';
import type { Store } from '#platform/state/store.ts';
import { equal } from '#protocol/bytes.ts';
import { type Code, type Reason, Refusal, refusalFrom } from '#protocol/codes.ts';
import { INPUT_PER_SECOND } from '#protocol/limits.ts';
import { agentOfDesktop } from '#protocol/names.ts';
import type { GrantClaims, GrantKey, Policy } from '#protocol/outer/grant.ts';
import type { FromAgent } from '#protocol/outer/link.ts';
import { type Attached, attach } from './attach.ts';
import type { Desktop, OpenDesktop } from './desktop/desktop.ts';
import { LOCK_MAX_MS } from './desktop/lock.ts';
import { LeftOpen } from './left-open.ts';
import { type Opened, type OpeningParts, openForOffer } from './opening.ts';
import { Place } from './place.ts';
import { type EncodeCounts, Encoders } from './screen/encoders.ts';
import type { OpenScreen } from './screen/screen-sender.ts';
import { Session, type SessionMeasures } from './session.ts';

export interface SessionsParts extends Omit<OpeningParts, 'live'> {
  store: Store;
  /** desktop id → how to attach to it */
  desktops: ReadonlyMap<string, OpenDesktop>;
  pins: readonly GrantKey[];
  limits: Policy;
  clock: { monotonic(): number; wall(): number };
  log: Log;
  /** Sends on the control link; nothing if it is down. */
  tell(message: FromAgent): void;
  /** A running session has ended: its last measures. */
  measured?(measures: SessionMeasures): void;
  /** As in SessionParts. */
  openScreen?: OpenScreen;
}

export interface SessionMeasured extends SessionMeasures {
  /** Its id. */
  session: string;
  municipality: string;
  desktop: string;
}

export class Sessions {
  readonly #parts: SessionsParts;
  /** Encoding runs beside the event loop; one pool for the agent, never one a session. */
  readonly #encoders = new Encoders(Math.max(1, availableParallelism() - 1));
  /** By session id. Taken by a verified proof and by nothing else; one a desktop. */
  readonly #places = new Map<string, Place>();
  /** Shown when the desktop is attached next. */
  readonly #notices = new Map<string, string>();
  readonly #leftOpen: LeftOpen;
  #stopping = false;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#leftOpen = new LeftOpen(parts.store);
  }

  /** Locks what an agent that was killed left open. Call it before offers come. */
  async lockLeftOpen(): Promise<void> {
    const served = (await this.#leftOpen.list()).filter((desktop) => this.#parts.desktops.has(desktop));
    await Promise.all(served.map((desktop) => this.#lockUnattended(desktop)));
  }

  async #lockUnattended(desktop: string): Promise<void> {
    try {
      const attached = await attach(this.#parts.desktops.get(desktop) as OpenDesktop);
      await this.#lock(desktop, attached.desktop);
      attached.desktop.close();
    } catch (error) {
      this.#notLocked({ desktop }, error);
    }
  }

  live(desktop: string): boolean {
    return this.#placesAt(desktop).length > 0;
  }

  /** In the order in which they were taken; the last one's user has it, the others are on their way out. */
  #placesAt(desktop: string): Place[] {
    return [...this.#places.values()].filter((place) => place.desktop === desktop);
  }

  list(): { session: string; desktop: string; user: string }[] {
    return [...this.#places].map(([session, { desktop, user }]) => ({ session, desktop, user }));
  }

  /** Of every session that is running. */
  measure(): SessionMeasured[] {
    return [...this.#places].flatMap(([session, place]) => {
      const measures = place.measure();
      const { desktop } = place;
      return measures ? [{ session, municipality: agentOfDesktop(desktop).municipality, desktop, ...measures }] : [];
    });
  }

  /** What encoding took, of all sessions. */
  get encoded(): EncodeCounts {
    return this.#encoders.counts;
  }

  /** Never throws: an offer that comes to nothing is audited and answered with its code. */
  async offer(sessionId: string, jws: string): Promise<void> {
    try {
      if (this.#stopping) throw new Refusal('SHUTTING_DOWN');
      const opened = await openForOffer({ ...this.#parts, live: (desktop) => this.live(desktop) }, sessionId, jws);
      await this.#proceed(opened);
    } catch (error) {
      const refusal = refusalFrom(error);
      if (refusal.reason === 'INTERNAL') this.#parts.log.error({ session: sessionId, error }, 'offer failed');
      this.#parts.tell({ type: 'ended', session: sessionId, code: refusal.code });
    }
  }

  async lease(sessionId: string, jws: string): Promise<void> {
    try {
      await this.#places.get(sessionId)?.leaseAnswered(jws);
    } catch (error) {
      // A bad lease is no lease: the session runs out by itself if no good one comes.
      this.#parts.log.warn({ session: sessionId, reason: refusalFrom(error).reason }, 'lease refused');
    }
  }

  revoke(sessionId: string, code: Code): void {
    this.#places.get(sessionId)?.end(new Refusal(REVOKED_BY[code] ?? 'RIGHTS_REVOKED', code));
  }

  /** Ends every session whose user may no longer prove anything at this desktop. */
  endOf(user: string, desktop: string): void {
    for (const place of this.#places.values()) {
      if (place.user === user && place.desktop === desktop) place.end(new Refusal('RIGHTS_REVOKED', 'pairing'));
    }
  }

  /** Tells the person at the desktop: now if a session shows it, else when it is attached next. */
  notice(desktop: string, text: string): void {
    const shown = this.#placesAt(desktop).map((place) => place.notice(text));
    if (!shown.includes(true)) this.#notices.set(desktop, text);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const places = [...this.#places.values()];
    for (const place of places) place.end(new Refusal('SHUTTING_DOWN'));
    // Not for a desktop that is still being attached: there is nothing to lock.
    await Promise.all(places.filter(({ begun }) => begun).map(({ left }) => left));
    await this.#encoders.close();
  }

  async #proceed(opened: Opened): Promise<void> {
    const { grant } = opened.admitted;
    try {
      const { session, mode } = grant;
      this.#parts.audit.record('user-verified', named(grant, { session, mode, proof: opened.user.key.kind }));
      if (mode === 'pair') await this.#pair(opened);
      else await this.#start(opened);
    } catch (error) {
      const refusal = refusalFrom(error);
      const { reason, detail, code } = refusal;
      this.#parts.audit.record('handshake-refused', named(grant, { session: grant.session, reason, detail }));
      if (code === 'DESKTOP_OFFLINE') this.#parts.audit.record('desktop-lost', { desktop: grant.aud, reason, detail });
      // If "ready" was said before, the last word is spoken, and closing must do.
      const refused = await opened.user.refuse(code).catch(() => null);
      if (refused) opened.socket.sendRecord(refused);
      opened.socket.close(code);
      throw refusal;
    } finally {
      opened.admitted.done();
    }
  }

  async #pair({ admitted: { grant }, socket, user }: Opened): Promise<void> {
    if (this.live(grant.aud)) throw new Refusal('PAIRING_WHILE_LIVE');
    const { session, sub, aud } = grant;
    const { kind } = user.key;
    await this.#parts.pairings.learn(sub, aud, user.key);
    this.#parts.audit.record('pairing-made', named(grant, { session, proof: kind }));
    const [ja, en] = kind === 'passkey' ? ['パスキー', 'passkey'] : ['端末', 'device'];
    this.notice(aud, `新しい${ja}が登録されました: ${sub} / A new ${en} was paired: ${sub}`);
    const { record } = await user.ready({ width: 0, height: 0, ...this.#terms(grant) });
    socket.sendRecord(record);
    // In order behind the record: the client has read it before it sees the end.
    socket.close('ENDED');
    this.#parts.tell({ type: 'ended', session: grant.session, code: 'ENDED' });
  }

  async #start({ admitted: { grant }, socket, inbox, user }: Opened): Promise<void> {
    const open = this.#parts.desktops.get(grant.aud);
    if (!open) throw new Refusal('GRANT_OTHER_DESKTOP');
    const place = this.#take(grant);
    let attached: Attached | null = null;
    try {
      await this.#checkStillPaired(grant, user);
      await this.#takeOver(place);
      place.checkWanted();
      attached = await attach(open);
      place.checkWanted();
      const { desktop } = attached;
      const { width, height } = desktop.screen;
      const { record, established } = await user.ready({ width, height, ...this.#terms(grant) });
      socket.sendRecord(record);
      const wasLeftOpen = await this.#leftOpen.begin(grant.aud);
      const session = new Session({
        ...this.#parts,
        grant,
        established,
        socket,
        inbox,
        encoders: this.#encoders,
        desktop,
        limits: this.#limits(grant),
        mark: [
          ...watermarkLines(grant, new Date(this.#parts.clock.wall())),
          // A VNC desktop has no other way to tell.
          ...(wasLeftOpen ? [NOT_LOCKED.mark] : []),
        ],
        sendNonce: (id, nonce) => this.#parts.tell({ type: 'nonce', session: id, nonce }),
        ended: (refusal) => void this.#ended(grant, place, desktop, refusal),
      });
      this.#parts.audit.record('session-started', named(grant, { session: grant.session }));
      place.begin(session, desktop);
      attached.handOver(session.desktopEvents);
      const notice = [wasLeftOpen ? NOT_LOCKED.notice : '', this.#notices.get(grant.aud) ?? ''].filter(Boolean);
      if (notice.length > 0) desktop.notice(notice.join(' '));
      this.#notices.delete(grant.aud);
    } catch (error) {
      // Nobody has seen the desktop: it is left as it was found.
      place.end(refusalFrom(error));
      attached?.desktop.close();
      this.#free(grant, place);
      throw error;
    }
  }

  #take(grant: GrantClaims): Place {
    if (this.#stopping) throw new Refusal('SHUTTING_DOWN');
    if (this.#placesAt(grant.aud).some(({ user }) => user !== grant.sub)) throw new Refusal('DESKTOP_IN_USE');
    // A second session of the same id would take the first one's leases and revocations (T06).
    if (this.#places.has(grant.session)) throw new Refusal('GRANT_MISMATCH', 'session');
    const place = new Place(grant.aud, grant.sub);
    this.#places.set(grant.session, place);
    return place;
  }

  /** Of several proofs at once the last to be verified stays; each waits until the desktop was left by those before. */
  async #takeOver(place: Place): Promise<void> {
    const here = this.#placesAt(place.desktop);
    const earlier = here.slice(0, here.indexOf(place));
    for (const other of earlier) other.end(new Refusal('TAKEN_OVER'));
    await Promise.all(earlier.map(({ left }) => left));
  }

  /** A revocation between the proof and the place found nothing to end; one from now on finds the place. */
  async #checkStillPaired({ sub, aud }: GrantClaims, { key }: Opened['user']): Promise<void> {
    const keys = await this.#parts.pairings.keysOf(sub, aud);
    if (!keys.some(({ publicKey }) => equal(publicKey, key.publicKey))) throw new Refusal('USER_NOT_PAIRED');
  }

  async #ended(grant: GrantClaims, place: Place, desktop: Desktop, refusal: Refusal): Promise<void> {
    const measures = place.measure();
    if (measures) this.#parts.measured?.(measures);
    place.leave();
    const { session } = grant;
    const { reason, detail, code } = refusal;
    if (INPUT_REASONS.has(reason)) this.#parts.audit.record('input-refused', named(grant, { session, reason, detail }));
    if (code === 'DESKTOP_LOST') this.#parts.audit.record('desktop-lost', named(grant, { session, reason, detail }));
    this.#parts.audit.record('session-ended', named(grant, { session, reason, detail }));
    this.#parts.tell({ type: 'ended', session, code });
    await this.#lock(grant.aud, desktop).catch((error) => this.#notLocked(named(grant, { session }), error));
    desktop.close();
    this.#free(grant, place);
  }

  /**
   * Whoever sits down at the office PC, or comes next over the network, must not find the session open (63B).
   * @throws LOCK_FAILED, STATE_UNWRITABLE
   */
  async #lock(id: string, desktop: Desktop): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Refusal('LOCK_FAILED', `took longer than ${LOCK_MAX_MS} ms`)),
      LOCK_MAX_MS,
    );
    try {
      await Promise.race([desktop.lock(), late]);
    } finally {
      clearTimeout(timer);
    }
    await this.#leftOpen.locked(id);
  }

  #notLocked(which: { desktop: string; user?: string; municipality?: string; session?: string }, error: unknown): void {
    const { reason, detail } = refusalFrom(error);
    this.#parts.audit.record('desktop-lock-failed', { ...which, reason, detail });
  }

  #free(grant: GrantClaims, place: Place): void {
    this.#places.delete(grant.session);
    place.free();
  }

  #limits(grant: GrantClaims): Policy {
    return stricter(this.#parts.limits, grant.policy);
  }

  #terms(grant: GrantClaims): { idleSeconds: number; overallSeconds: number; inputPerSecond: number } {
    return { ...this.#limits(grant), inputPerSecond: INPUT_PER_SECOND };
  }
}

/** Ends that only the client can bring about, since its records had opened by then (T10, T18). */
const INPUT_REASONS: ReadonlySet<Reason> = new Set(['MESSAGE_UNKNOWN', 'LANE_RATE', 'MALFORMED']);

/** What the gateway's word means, by the code that it gives. */
const REVOKED_BY: { readonly [code in Code]?: Reason } = {
  ENDED: 'SIGNED_OUT',
  TAKEN_OVER: 'TAKEN_OVER',
  IDLE: 'IDLE_LIMIT',
  TIME_LIMIT: 'OVERALL_LIMIT',
};

const NOT_LOCKED = {
  notice:
    '前回の終了時に画面をロックできませんでした。担当者に連絡してください。 / This desktop was not locked when the last session ended. Please tell your administrator.',
  mark: '前回ロック失敗 NOT LOCKED',
};

/** A3: who, whose, where, which session, since when. The start and no running clock, which would dirty every tile. */
function watermarkLines(grant: GrantClaims, startedAt: Date): string[] {
  return [
    `${grant.sub} ${grant.municipality} ${grant.aud}`,
    `${grant.session.slice(0, 8)} ${startedAt.toISOString().slice(0, 16).replace('T', ' ')}Z`,
  ];
}

function named<T extends object>(grant: GrantClaims, more: T) {
  return { user: grant.sub, municipality: grant.municipality, desktop: grant.aud, ...more };
}
