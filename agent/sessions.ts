// All sessions of this agent: takes an offer to a live session or a pairing, and passes leases, revocations and the end on.
//
//   offer → opening.ts → verified user → place → still paired? → the user's earlier places end → attach → ready →
//   Session → ended → desktop locked: the place is free
import { availableParallelism } from 'node:os';
import { Ration } from '#platform/audit/ration.ts';
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
import { Locker } from './locker.ts';
import { type Opened, type OpeningParts, openForOffer } from './opening.ts';
import type { Place } from './place.ts';
import { Places } from './places.ts';
import { type EncodeCounts, Encoders } from './screen/encoders.ts';
import type { OpenScreen } from './screen/screen-sender.ts';
import { Session, type SessionMeasures } from './session.ts';

export interface SessionsParts extends Omit<OpeningParts, 'live' | 'refusedOffers'> {
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

/** As audit events. */
const REFUSED_OFFERS = { perSecond: 1, burst: 60 };

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
  readonly #places = new Places();
  readonly #locker: Locker;
  readonly #refusedOffers: Ration;
  /** Shown when the desktop is attached next. */
  readonly #notices = new Map<string, string>();
  #stopping = false;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#locker = new Locker(parts);
    this.#refusedOffers = new Ration({ ...REFUSED_OFFERS, now: parts.clock.monotonic });
  }

  /** Locks what an agent that was killed left open. Call it before offers come. */
  lockLeftOpen(): Promise<void> {
    return this.#locker.lockLeftOpen();
  }

  live(desktop: string): boolean {
    return this.#places.at(desktop).length > 0;
  }

  list(): { session: string; desktop: string; user: string }[] {
    return this.#places.list().map(([session, { desktop, user }]) => ({ session, desktop, user }));
  }

  /** Of every session that is running. */
  measure(): SessionMeasured[] {
    return this.#places.list().flatMap(([session, place]) => {
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
      const live = (desktop: string) => this.live(desktop);
      const opened = await openForOffer({ ...this.#parts, live, refusedOffers: this.#refusedOffers }, sessionId, jws);
      await this.#proceed(opened);
    } catch (error) {
      const refusal = refusalFrom(error);
      if (refusal.reason === 'INTERNAL') this.#parts.log.error({ session: sessionId, error }, 'offer failed');
      this.#parts.tell({ type: 'ended', session: sessionId, code: refusal.code });
    }
  }

  async lease(sessionId: string, jws: string): Promise<void> {
    try {
      await this.#places.find(sessionId)?.leaseAnswered(jws);
    } catch (error) {
      // A bad lease is no lease: the session runs out by itself if no good one comes.
      this.#parts.log.warn({ session: sessionId, reason: refusalFrom(error).reason }, 'lease refused');
    }
  }

  revoke(sessionId: string, code: Code): void {
    this.#places.find(sessionId)?.end(new Refusal(REVOKED_BY[code] ?? 'RIGHTS_REVOKED', code));
  }

  /** Ends every session whose user may no longer prove anything at this desktop. */
  endOf(user: string, desktop: string): void {
    for (const place of this.#places.at(desktop)) {
      if (place.user === user) place.end(new Refusal('RIGHTS_REVOKED', 'pairing'));
    }
  }

  /** Tells the person at the desktop: now if a session shows it, else when it is attached next. */
  notice(desktop: string, text: string): void {
    const shown = this.#places.at(desktop).map((place) => place.notice(text));
    if (!shown.includes(true)) this.#notices.set(desktop, text);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const places = this.#places.list().map(([, place]) => place);
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
    if (this.#stopping) throw new Refusal('SHUTTING_DOWN');
    const place = this.#places.take(grant);
    let attached: Attached | null = null;
    try {
      await this.#checkStillPaired(grant, user);
      await this.#places.takeOver(place);
      place.checkWanted();
      attached = await attach(open);
      place.checkWanted();
      const { desktop } = attached;
      const { width, height } = desktop.screen;
      const { record, established } = await user.ready({ width, height, ...this.#terms(grant) });
      socket.sendRecord(record);
      const wasLeftOpen = await this.#locker.begin(grant.aud);
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
      this.#places.free(grant.session, place);
      throw error;
    }
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
    await this.#locker.lock(named(grant, { session }), desktop);
    desktop.close();
    this.#places.free(session, place);
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
