// What each lane may carry in which direction (T09, T10).

import { Direction, Lane } from '../lanes.ts';
import {
  ACK_PER_SECOND,
  ACK_PLAINTEXT_BYTES,
  CLOSE_PLAINTEXT_BYTES,
  CONTROL_PER_SECOND,
  CONTROL_PLAINTEXT_BYTES,
  HANDSHAKE_RECORD_MAX_BYTES,
  HEADER_BYTES,
  INPUT_PER_SECOND,
  INPUT_PLAINTEXT_BYTES,
  RECORD_MAX_BYTES,
  TAG_BYTES,
} from '../limits.ts';

export { Direction, Lane };

export interface LaneRule {
  /** Size of the whole record in bytes. */
  readonly min: number;
  readonly max: number;
  readonly perSecond: number;
}

const SEALED = HEADER_BYTES + TAG_BYTES;
const unlimited = Number.POSITIVE_INFINITY;
const exactly = (plaintext: number, perSecond: number): LaneRule => ({
  min: SEALED + plaintext,
  max: SEALED + plaintext,
  perSecond,
});
const handshake: LaneRule = { min: HEADER_BYTES + 1, max: HANDSHAKE_RECORD_MAX_BYTES, perSecond: unlimited };
const close = exactly(CLOSE_PLAINTEXT_BYTES, unlimited);

/** A lane that is missing in a direction does not exist there. */
export const LANE_RULES: Readonly<Record<Direction, Readonly<Partial<Record<Lane, LaneRule>>>>> = {
  [Direction.inward]: {
    [Lane.handshake]: handshake,
    [Lane.input]: exactly(INPUT_PLAINTEXT_BYTES, INPUT_PER_SECOND),
    [Lane.control]: exactly(CONTROL_PLAINTEXT_BYTES, CONTROL_PER_SECOND),
    [Lane.ack]: exactly(ACK_PLAINTEXT_BYTES, ACK_PER_SECOND),
    [Lane.close]: close,
  },
  [Direction.outward]: {
    [Lane.handshake]: handshake,
    [Lane.frame]: { min: SEALED + 1, max: RECORD_MAX_BYTES, perSecond: unlimited },
    [Lane.control]: exactly(CONTROL_PLAINTEXT_BYTES, unlimited),
    [Lane.ack]: exactly(ACK_PLAINTEXT_BYTES, unlimited),
    [Lane.close]: close,
  },
};
