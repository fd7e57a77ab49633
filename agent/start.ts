// From a verified user to a running session, and from its end to a desktop that is free again:
//
//   place → does it still hold? → the user's earlier places end → attach → ready → Session → ended → locked → free
//
// What takes the place away meanwhile finds it in `places`, and is asked for after each step that takes time.
import type { Throughput } from '#platform/metrics/throughput.ts';
import { stricter } from '#platform/process/limits.ts';
import type { Log } from '#platform/process/log.ts';
import type { Store } from '#platform/state/store.ts';
import type { Reason } from '#protocol/codes.ts';
import { Refusal, refusalFrom } from '#protocol/codes.ts';
import { INPUT_PER_SECOND } from '#protocol/limits.ts';
import { type GrantClaims, type Policy, signerOf } from '#protocol/outer/grant.ts';
import type { FromAgent } from '#protocol/outer/link.ts';
import { about } from './admission.ts';
import { type Attached, attach } from './attach.ts';
import type { Desktop } from './desktop/desktop.ts';
import type { Home } from './home.ts';
import type { Locker } from './locker.ts';
import type { Opened, OpeningParts } from './opening.ts';
import type { Place } from './place.ts';
import type { Places } from './places.ts';
import type { Encoders } from './screen/encoders.ts';
import type { OpenScreen } from './screen/screen-sender.ts';
import { Session, type SessionMeasures } from './session.ts';
import type { Standing } from './standing.ts';

export interface SessionsParts extends Omit<OpeningParts, 'live' | 'refusedOffers'> {
  store: Store;
  home: Home;
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

export interface StartParts extends SessionsParts {
  places: Places;
  standing: Standing;
  locker: Locker;
  encoders: Encoders;
  /** As in SessionParts. */
  carried: Throughput;
  /** What the person at the desktop is to be told, and then no more; '' for nothing. */
  takeNotice(desktop: string): string;
}

/** @throws Refusal if it came to nothing: the place is free, and nobody has seen the desktop */
export async function startSession(parts: StartParts, { admitted, socket, inbox, user }: Opened): Promise<void> {
  const { places, standing, locker, home } = parts;
  const { grant, jws } = admitted;
  const signer = signerOf(jws);
  const { publicKey } = user.key;
  const place = places.take(grant.session, { desktop: grant.aud, user: grant.sub, publicKey, signer });
  let attached: Attached | null = null;
  try {
    await standing.check(place);
    await places.takeOver(place);
    place.checkWanted();
    const open = home.desktops.get(grant.aud);
    if (!open) throw new Refusal('DESKTOP_WITHDRAWN');
    attached = await attach(open);
    place.checkWanted();
    const { desktop } = attached;
    const { width, height } = desktop.screen;
    const { record, established } = await user.ready({ width, height, ...termsOf(parts, grant) });
    socket.sendRecord(record);
    const wasLeftOpen = await locker.begin(grant.aud);
    const session = new Session({
      ...parts,
      ...{ grant, signer, established, socket, inbox, desktop },
      limits: limitsOf(parts, grant),
      mark: [
        ...watermarkLines(grant, new Date(parts.clock.wall())),
        // A VNC desktop has no other way to tell.
        ...(wasLeftOpen ? [NOT_LOCKED.mark] : []),
      ],
      sendNonce: (id, nonce) => void askForLease(parts, place, id, nonce),
      ended: (refusal) => void ended(parts, grant, place, desktop, refusal),
    });
    parts.audit.record('session-started', about(grant));
    place.begin(session, desktop);
    attached.handOver(session.desktopEvents);
    const notice = [wasLeftOpen ? NOT_LOCKED.notice : '', parts.takeNotice(grant.aud)].filter(Boolean);
    if (notice.length > 0) desktop.notice(notice.join(' '));
  } catch (error) {
    place.end(refusalFrom(error));
    attached?.desktop.close();
    places.free(grant.session, place);
    throw error;
  }
}

/** The strictest of the agent's own limits and the grant's, as the client is told. */
export function termsOf(parts: SessionsParts, grant: GrantClaims): Policy & { inputPerSecond: number } {
  return { ...limitsOf(parts, grant), inputPerSecond: INPUT_PER_SECOND };
}

function limitsOf({ limits }: SessionsParts, { policy }: GrantClaims): Policy {
  return stricter(limits, policy);
}

/** Only while this agent's own word stands: without it the session ends with the lease it has. */
async function askForLease(
  { standing, tell }: StartParts,
  place: Place,
  session: string,
  nonce: string,
): Promise<void> {
  if (await standing.look(place)) tell({ type: 'nonce', session, nonce });
}

async function ended(
  parts: StartParts,
  grant: GrantClaims,
  place: Place,
  desktop: Desktop,
  { reason, detail, code }: Refusal,
): Promise<void> {
  const { audit, places, locker, tell } = parts;
  const measures = place.measure();
  if (measures) parts.measured?.(measures);
  place.leave();
  const event = { ...about(grant), reason, detail };
  if (INPUT_REASONS.has(reason)) audit.record('input-refused', event);
  if (code === 'DESKTOP_LOST') audit.record('desktop-lost', event);
  audit.record('session-ended', event);
  tell({ type: 'ended', session: grant.session, code });
  await locker.lock(about(grant), desktop);
  desktop.close();
  places.free(grant.session, place);
}

/** Ends that only the client can bring about, since its records had opened by then (T10, T18). */
const INPUT_REASONS: ReadonlySet<Reason> = new Set(['MESSAGE_UNKNOWN', 'LANE_RATE', 'MALFORMED']);

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
