// Every limit of the wire, in one place. The unit stands in the name, the reason beside it.

// Records
/** WebSocket header (8 bytes with a mask) and record together fill at most one TLS record of 16,384 bytes. */
export const RECORD_MAX_BYTES = 16_384 - 8;
/** version, lane, sequence (u48): see header.ts. */
export const HEADER_BYTES = 8;
/** AES-256-GCM. */
export const TAG_BYTES = 16;
export const FRAME_PLAINTEXT_MAX_BYTES = RECORD_MAX_BYTES - HEADER_BYTES - TAG_BYTES;
/** One event a record, padded to one size, so that the length tells nothing about the key. */
export const INPUT_PLAINTEXT_BYTES = 16;
export const ACK_PLAINTEXT_BYTES = 16;
export const CONTROL_PLAINTEXT_BYTES = 32;
export const CLOSE_PLAINTEXT_BYTES = 16;
/** hello with a grant of the largest size, rounded up. */
export const HANDSHAKE_RECORD_MAX_BYTES = 8_192;
/** client: hello, proof. */
export const HANDSHAKE_RECORDS_INWARD = 2;
/** agent: answer, identity, ready or refused. */
export const HANDSHAKE_RECORDS_OUTWARD = 3;

// Rates inwards: 100 × 40 + 200 × 40 + 5 × 56 bytes a second = 98.2 kbit/s of sealed records, below 100 kbit/s
export const INPUT_PER_SECOND = 100;
export const ACK_PER_SECOND = 200;
/** A client acknowledges at most this often, on average: a little below the lane's rate, so that no relay slows it down. */
export const ACK_INTERVAL_MS = 1_000 / (0.95 * ACK_PER_SECOND);
export const CONTROL_PER_SECOND = 5;
export const BURST_SECONDS = 2;
/** The agent allows twice the relays' burst, since what a relay let through in order may arrive bunched. */
export const AGENT_BURST_SECONDS = 4;

// The end-to-end channel
/** Unacknowledged frames in flight: the ceiling of the measured window, for 1 Gbps over 150 ms. */
export const WINDOW_MAX_BYTES = 24 * 1024 * 1024;
/** Before anything is measured: 26 ms of 10 Mbps. */
export const WINDOW_FIRST_BYTES = 32 * 1024;
/** However slow a line was: enough to notice that it has become faster. */
export const WINDOW_MIN_BYTES = 4 * 1024;
/** Inwards the window is constant: 1,638 inputs, 16 s at their full rate. */
export const INPUT_WINDOW_BYTES = 64 * 1024;
/** What may wait in a sender's own socket, whatever was acknowledged: 8 ms of 1 Gbps. */
export const SOCKET_WAITING_MAX_BYTES = 1024 * 1024;
/** IPv4 with TCP's timestamps leaves so much of 1,500 bytes; a byte more would take another packet with 52 of its own. */
export const SEGMENT_BYTES = 1_448;
/** On top of a frame's plaintext in its segments: header, tag, WebSocket header without a mask (4), TLS record (22). */
export const FRAME_CARRIED_BY_BYTES = HEADER_BYTES + TAG_BYTES + 4 + 22;
/** Exactly one segment: shorter frame records cost more than they save. */
export const RECORD_MIN_BYTES = SEGMENT_BYTES - FRAME_CARRIED_BY_BYTES;
/** Updates that the client has acknowledged but not drawn. */
export const UNDRAWN_MAX_UPDATES = 2;
/** A generation of keys ends by this many records or this long, far inside the limits of SP 800-38D. */
export const GENERATION_MAX_RECORDS = 2 ** 22;
export const GENERATION_MAX_MS = 3_600_000;

// Control links (JSON text, one message a WebSocket frame)
export const LINK_MESSAGE_MAX_BYTES = 8_192;
export const GRANT_MAX_BYTES = 3_072;
export const LINK_KEEP_ALIVE_MS = 10_000;
/** Two keep-alives may be lost before the peer counts as gone. */
export const LINK_SILENCE_MAX_MS = 25_000;
export const DESKTOPS_PER_AGENT_MAX = 64;

// Opening
export const TICKET_LIFE_MS = 30_000;
export const GRANT_LIFE_SECONDS = 30;
/** Allowed clock skew between gateway and agent; a jti is kept until exp plus this. */
export const CLOCK_SKEW_SECONDS = 30;
/** From ticket to paired. */
export const OPENING_MAX_MS = 10_000;
/** From paired to a verified proof. */
export const PROOF_MAX_MS = 60_000;
export const HALF_OPEN_PER_DESKTOP_MAX = 2;

// Lease
export const LEASE_INTERVAL_MS = 10_000;
export const LEASE_LIFE_MS = 30_000;
export const LEASE_NONCE_BYTES = 16;

// Pairing
export const PAIRING_CODE_BITS = 80;
export const PAIRING_TRIES = 5;
export const PAIRING_LIFE_MS = 15 * 60_000;

// Enrolment
/** For the submission only; the answer may take as long as the request lives. */
export const ENROLMENT_CODE_LIFE_MS = 10 * 60_000;
export const ENROLMENT_REQUEST_LIFE_MS = 7 * 86_400_000;
export const ENROLMENT_NONCE_LIFE_MS = 60_000;
/** A request of an RSA-8192 key is below 4 KiB. */
export const ENROLMENT_REQUEST_MAX_CHARACTERS = 8_192;

// Passkey proofs
/** WebAuthn L3 §4. */
export const CREDENTIAL_ID_MIN_BYTES = 16;
export const CREDENTIAL_ID_MAX_BYTES = 1_023;
/** A new credential with the longest id is 1,155 bytes; the rest is for extensions. */
export const AUTHENTICATOR_DATA_MAX_BYTES = 1_536;
/** A browser writes some 150 bytes and the origin. */
export const CLIENT_DATA_MAX_BYTES = 1_024;
/** An assertion of the largest parts has 3,664 bytes. */
export const PROOF_ELEMENT_MAX_BYTES = 4_096;

// Relays
/** A relay stops reading a socket while more than this waits to be written to the other. */
export const RELAY_QUEUE_MAX_BYTES = 256 * 1024;
/** A peer that takes nothing for this long is cut, so that it never holds up another. */
export const WRITE_STALL_MAX_MS = 15_000;

// Screens
export const SCREEN_MAX_PIXELS = 3840 * 2160;
/** noVNC and Tight: a rectangle is at most this wide. */
export const TIGHT_MAX_WIDTH = 2_048;
export const CURSOR_MAX_SIDE = 64;

// HTTP
export const BODY_MAX_BYTES = 16_384;
