// All sessions of this agent: takes an offer to a live session (start.ts) or a pairing, and passes leases, revocations and
// the end on.
import { availableParallelism } from 'node:os';
import { Ration } from '#platform/audit/ration.ts';
import { Throughput } from '#platform/metrics/throughput.ts';
import { type Code, type Reason, Refusal, refusalFrom } from '#protocol/codes.ts';
import { agentOfDesktop } from '#protocol/names.ts';
import { signerOf } from '#protocol/outer/grant.ts';
import { about } from './admission.ts';
import { Locker } from './locker.ts';
import { type Opened, openForOffer } from './opening.ts';
import { Places } from './places.ts';
import { type EncodeCounts, Encoders } from './screen/encoders.ts';
import type { SessionMeasures } from './session.ts';
import { Standing } from './standing.ts';
import { type SessionsParts, startSession, termsOf } from './start.ts';

/** As audit events. */
const REFUSED_OFFERS = { perSecond: 1, burst: 60 };

/** Many acknowledgements, and less than a line that became slower takes to be noticed. */
const CARRIED_SPAN_MS = 100;

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
  readonly #carried = new Throughput(CARRIED_SPAN_MS);
  readonly #places = new Places();
  readonly #standing: Standing;
  readonly #stopWatching: () => void;
  readonly #locker: Locker;
  /** Sessions that have no place yet, and what the gateway said of them meanwhile. */
  readonly #opening = new Map<string, Refusal | null>();
  readonly #refusedOffers: Ration;
  /** Shown when the desktop is attached next. */
  readonly #notices = new Map<string, string>();
  #stopping = false;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#locker = new Locker(parts);
    this.#standing = new Standing(parts, this.#places);
    this.#stopWatching = this.#standing.start();
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
    if (!this.#opening.has(sessionId)) this.#opening.set(sessionId, null);
    try {
      if (this.#stopping) throw new Refusal('SHUTTING_DOWN');
      const live = (desktop: string) => this.live(desktop);
      const opened = await openForOffer({ ...this.#parts, live, refusedOffers: this.#refusedOffers }, sessionId, jws);
      await this.#proceed(opened);
    } catch (error) {
      const refusal = refusalFrom(error);
      if (refusal.reason === 'INTERNAL') this.#parts.log.error({ session: sessionId, error }, 'offer failed');
      this.#parts.tell({ type: 'ended', session: sessionId, code: refusal.code });
    } finally {
      this.#opening.delete(sessionId);
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
    const refusal = new Refusal(REVOKED_BY[code] ?? 'RIGHTS_REVOKED', code);
    this.#places.find(sessionId)?.end(refusal);
    if (this.#opening.has(sessionId)) this.#opening.set(sessionId, refusal);
  }

  /** Tells the person at the desktop: now if a session shows it, else when it is attached next. */
  notice(desktop: string, text: string): void {
    const shown = this.#places.at(desktop).map((place) => place.notice(text));
    if (!shown.includes(true)) this.#notices.set(desktop, text);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stopWatching();
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
      this.#parts.audit.record('user-verified', { ...about(grant), mode, proof: opened.user.key.kind });
      // From here to the place nothing is waited for: what comes later finds it there.
      const revoked = this.#opening.get(session);
      if (revoked) throw revoked;
      if (mode === 'pair') await this.#pair(opened);
      else await this.#start(opened);
    } catch (error) {
      const { reason, detail, code } = refusalFrom(error);
      this.#parts.audit.record('handshake-refused', { ...about(grant), reason, detail });
      if (code === 'DESKTOP_OFFLINE') this.#parts.audit.record('desktop-lost', { desktop: grant.aud, reason, detail });
      // If "ready" was said before, the last word is spoken, and closing must do.
      const refused = await opened.user.refuse(code).catch(() => null);
      if (refused) opened.socket.sendRecord(refused);
      opened.socket.close(code);
      throw error;
    } finally {
      opened.admitted.done();
    }
  }

  async #pair({ admitted: { grant, jws }, socket, user }: Opened): Promise<void> {
    const { home, pairings, audit, tell } = this.#parts;
    home.check(grant.aud, signerOf(jws));
    if (this.live(grant.aud)) throw new Refusal('PAIRING_WHILE_LIVE');
    const { sub, aud } = grant;
    const { kind } = user.key;
    await pairings.learn(sub, aud, user.key);
    audit.record('pairing-made', { ...about(grant), proof: kind });
    const [ja, en] = kind === 'passkey' ? ['パスキー', 'passkey'] : ['端末', 'device'];
    this.notice(aud, `新しい${ja}が登録されました: ${sub} / A new ${en} was paired: ${sub}`);
    const { record } = await user.ready({ width: 0, height: 0, ...termsOf(this.#parts, grant) });
    socket.sendRecord(record);
    // In order behind the record: the client has read it before it sees the end.
    socket.close('ENDED');
    tell({ type: 'ended', session: grant.session, code: 'ENDED' });
  }

  #start(opened: Opened): Promise<void> {
    if (this.#stopping) throw new Refusal('SHUTTING_DOWN');
    return startSession(
      {
        ...this.#parts,
        ...{ places: this.#places, standing: this.#standing, locker: this.#locker, encoders: this.#encoders },
        carried: this.#carried,
        takeNotice: (desktop) => {
          const notice = this.#notices.get(desktop) ?? '';
          this.#notices.delete(desktop);
          return notice;
        },
      },
      opened,
    );
  }
}

/** What the gateway's word means, by the code that it gives. */
const REVOKED_BY: { readonly [code in Code]?: Reason } = {
  ENDED: 'SIGNED_OUT',
  TAKEN_OVER: 'TAKEN_OVER',
  IDLE: 'IDLE_LIMIT',
  TIME_LIMIT: 'OVERALL_LIMIT',
  CERTIFICATE_ENDED: 'CERTIFICATE_ENDED',
  RIGHTS_UNCONFIRMED: 'RIGHTS_UNCONFIRMED',
};
