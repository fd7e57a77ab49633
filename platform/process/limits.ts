// How long a session may last, in the configuration of gateway, broker and agent: each of the three ends it at the limit,
// whatever the other two do (F1).
import * as z from 'zod';

/** SP 800-63B-4 AAL3: at most 15 minutes idle, 12 hours overall. A configuration can only tighten them. */
export const IDLE_MAX_SECONDS = 900;
export const OVERALL_MAX_SECONDS = 43_200;

export interface Limits {
  /** Since the user last typed or pointed. */
  readonly idleSeconds: number;
  readonly overallSeconds: number;
}

export const limitsSchema = z
  .strictObject({
    idleSeconds: z.int().min(1).max(IDLE_MAX_SECONDS).default(IDLE_MAX_SECONDS),
    overallSeconds: z.int().min(1).max(OVERALL_MAX_SECONDS).default(OVERALL_MAX_SECONDS),
  })
  .prefault({});

export function stricter(one: Limits, other: Limits): Limits {
  return {
    idleSeconds: Math.min(one.idleSeconds, other.idleSeconds),
    overallSeconds: Math.min(one.overallSeconds, other.overallSeconds),
  };
}
