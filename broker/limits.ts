// What one broker takes on at most; the wire's own limits stand in protocol/limits.ts.
import { DESKTOPS_PER_AGENT_MAX, HALF_OPEN_PER_DESKTOP_MAX } from '#protocol/limits.ts';

/** About 110 kB each when idle. */
export const SESSIONS_MAX = 2_000;
/** Sessions that are not paired yet; each lives at most OPENING_MAX_MS. */
export const WAITING_MAX = 256;
export const LINKS_MAX = 2_000;
/** One control link, its successor, and data links of each desktop: the session, one that is closing, and those opening. */
export const SOCKETS_PER_AGENT_MAX = 2 + (2 + HALF_OPEN_PER_DESKTOP_MAX) * DESKTOPS_PER_AGENT_MAX;
export const SOCKETS_PER_GATEWAY_MAX = 2 + SESSIONS_MAX + WAITING_MAX;
/** TLS connections of one listener, those that have said nothing yet included. */
export const CONNECTIONS_MAX = 2 * SESSIONS_MAX + LINKS_MAX;
/** Each session opens two, and after a restart every agent and every session comes at once. */
export const HANDSHAKES_PER_SECOND = 200;

/** Messages of one control link: an agent with 64 sessions sends 6.4 nonces a second, a gateway answers for all agents. */
export const AGENT_MESSAGES_PER_SECOND = 50;
export const GATEWAY_MESSAGES_PER_SECOND = 1_000;

/**
 * After a revoke, or an end that the agent tells, the two ends may still exchange their sealed close; then the broker
 * cuts. A revoked session must be gone within 2 s.
 */
export const ENDING_GRACE_MS = 1_500;

/**
 * What still waits for its turn on the line when a session ends has this long to go out, the sealed close last. With the
 * grace above it stays below 2 s; a queue holds about 100 ms of the session's share (shaping/contract.ts).
 */
export const DRAIN_MAX_MS = 400;
