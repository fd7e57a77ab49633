// The names of lanes and directions: in the clear header for the relays (outer), under the seal for the ends (inner).

/** handshake: few records, then shut. frame: agent → client. input: client → agent. control, ack, close: both ways. */
export const Lane = { handshake: 1, frame: 2, input: 3, control: 4, ack: 5, close: 6 } as const;
export type Lane = (typeof Lane)[keyof typeof Lane];

/** inward: client → agent. outward: agent → client. */
export const Direction = { inward: 0, outward: 1 } as const;
export type Direction = (typeof Direction)[keyof typeof Direction];
