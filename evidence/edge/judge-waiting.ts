// What who-does-not-go-on.ts observes, and what it means.
import { edgeSchema } from '#platform/hop/edge-limits.ts';
import { OPENING_MAX_MS } from '#protocol/limits.ts';
import type { Judgement } from '../proof.ts';
import type { Audited } from './audited.ts';
import { AGENT, BROKER, type Complaint, GATEWAY, keysHeld, memoryHeld, ms, unless, verdict } from './bounds.ts';
import type { Ends } from './flood/ends.ts';
import type { HalfOpen } from './flood/half-open.ts';
import type { Offers } from './flood/hostile-peers.ts';
import type { Held } from './flood/strangers.ts';
import type { Keys, Memory } from './watched.ts';

export interface Waiting {
  idle: Keys;
  keys: Keys;
  gateway: Memory;
  broker: Memory;
  /** By listener and what they did. */
  strangers: Record<string, Held>;
  users: HalfOpen;
  muteAgents: Ends;
  /** 'connection-refused' at the gateway. */
  audited: Audited;
  agent: { offers: Offers; memory: Memory; audited: Audited };
  sessionsLost: number;
}

const { handshakeSeconds, headersSeconds, requestSeconds } = edgeSchema().parse({});
/** Node looks once a second, and a busy machine later. */
const LATER_MS = 3_000;
const STRANGER_MAX_MS = Math.max(handshakeSeconds + headersSeconds, requestSeconds) * 1000 + LATER_MS;
/** Offers that an agent reads in a second, with its burst, and audit events of those that it refuses. */
const OFFERS_PER_SECOND = 20;
const OFFERS_BURST = 80;
const OFFERS_WRITTEN_MAX = 120;

export function judgeWaiting(seen: Waiting): Judgement {
  const { strangers, users, muteAgents, agent, audited } = seen;
  const each = Object.entries(strangers);
  const opened = each.reduce((sum, [, held]) => sum + held.opened, 0);
  const longest = Math.max(0, ...each.map(([, held]) => held.longestMs));
  const complaints: Complaint[] = [
    keysHeld({ ja: 'その間', en: 'meanwhile' }, seen.idle, seen.keys),
    memoryHeld(GATEWAY, seen.gateway),
    memoryHeld(BROKER, seen.broker),
    memoryHeld(AGENT, agent.memory),
    ...each.map(([what, held]) => strangersCut(what, held)),
    unless(opened >= 2_000, `接続が ${opened} 本しか開いていません`, `only ${opened} connections were opened`),
    unless(
      (audited.reasons.CONNECTIONS_EXCEEDED ?? 0) > 0 && audited.written <= 80,
      '数の上限が効いたことが監査ログにないか、あふれています',
      'the audit log does not say that the limit struck, or is flooded with it',
    ),
    ...usersCut(seen),
    endedWith('庁内側の無言の接続', 'mute agents', muteAgents, 'TOOK_TOO_LONG', OPENING_MAX_MS),
    ...agentHeld(seen),
    unless(
      seen.sessionsLost === 0,
      `${seen.sessionsLost} 件のセッションが切れました`,
      `${seen.sessionsLost} sessions were lost`,
    ),
  ];
  return verdict(complaints, {
    ja: `${opened} 本の途中で止まる接続はすべて ${ms(longest)} 以内に切られ、キーの p95 は平常 ${ms(seen.idle.p95Ms)}、その間 ${ms(seen.keys.p95Ms)}。券なしの WebSocket、hello のない開始、不正な電文もすべて閉じられ、その利用者のデスクトップは ${ms(users.usableMs)} で開けました。庁内側は ${agent.offers.offered} 件の偽の申し込みのうち ${agent.offers.refused} 件だけを読み、監査に ${agent.audited.written} 行を書きました。`,
    en: `All ${opened} connections that stopped half way were cut within ${ms(longest)}; p95 of keys ${ms(seen.idle.p95Ms)} idle, ${ms(seen.keys.p95Ms)} meanwhile. WebSockets without a ticket, openings without a hello and junk were closed, and that user's desktop opened in ${ms(users.usableMs)} afterwards. Of ${agent.offers.offered} forged offers the agent read ${agent.offers.refused} and wrote ${agent.audited.written} lines.`,
  });
}

function strangersCut(what: string, { opened, cut, longestMs, stillOpen }: Held): Complaint {
  return unless(
    opened > 0 && stillOpen === 0 && cut === opened && longestMs <= STRANGER_MAX_MS,
    `${what}: ${opened} 本のうち ${stillOpen} 本が残り、最長 ${ms(longestMs)}`,
    `${what}: ${stillOpen} of ${opened} stayed, the longest for ${ms(longestMs)}`,
  );
}

function usersCut({ users: { mutes, paired, refused, junk, usableMs } }: Waiting): Complaint[] {
  return [
    endedWith('券なしの WebSocket', 'WebSockets without a ticket', mutes, 'TOOK_TOO_LONG', OPENING_MAX_MS),
    endedWith('hello のない開始', 'openings without a hello', paired, 'TOOK_TOO_LONG', OPENING_MAX_MS),
    unless(
      (refused.codes.AGENT_REFUSED ?? 0) + (refused.codes.TOO_MANY ?? 0) > 0,
      '開始途中の数の上限が効いていません',
      'the limit of half-open handshakes did not strike',
    ),
    unless(
      junk.stillOpen === 0 && (junk.codes.PROTOCOL_ERROR ?? 0) > 0 && junk.longestMs < OPENING_MAX_MS,
      '不正な電文で閉じられていません',
      'junk was not answered with a close',
    ),
    unless(usableMs !== null, 'その後デスクトップを開けません', 'the desktop could not be opened afterwards'),
  ];
}

function endedWith(
  ja: string,
  en: string,
  { codes, longestMs, stillOpen }: Ends,
  code: keyof Ends['codes'],
  withinMs: number,
): Complaint {
  const ended = codes[code] ?? 0;
  return unless(
    ended > 0 && stillOpen === 0 && longestMs <= withinMs + LATER_MS,
    `${ja}: ${code} ${ended} 件、残り ${stillOpen} 件、最長 ${ms(longestMs)}`,
    `${en}: ${ended} ended with ${code}, ${stillOpen} stayed, the longest ${ms(longestMs)}`,
  );
}

function agentHeld({ agent: { offers, audited } }: Waiting): Complaint[] {
  const read = OFFERS_BURST + OFFERS_PER_SECOND * 15;
  return [
    unless(
      offers.links > 0 && offers.offered > read && offers.refused > 0,
      '庁内側に申し込みが殺到していません',
      'the agent was not flooded with offers',
    ),
    unless(
      offers.refused <= read,
      `庁内側は ${offers.refused} 件を読みました`,
      `the agent read ${offers.refused} offers`,
    ),
    unless(
      audited.written > 0 && audited.written <= OFFERS_WRITTEN_MAX,
      `庁内側の監査ログが ${audited.written} 行増えました`,
      `the agent's audit log grew by ${audited.written} lines`,
    ),
  ];
}
