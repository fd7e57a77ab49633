// What bench asks of its load process, over the process's own 0600 socket, and what it answers: said once for both ends.
import * as z from 'zod';
import { NAME } from '#protocol/names.ts';
import type { Measured } from './samples.ts';

const users = z.array(z.string().regex(NAME)).max(2_000);

export const REQUESTS = {
  'sign-in': z.strictObject({ users }),
  open: z.strictObject({ users }),
  probe: z.strictObject({ users, perSecond: z.number().min(0).max(40) }),
  stall: z.strictObject({ users }),
  resume: z.strictObject({ users }),
  /** Group → its users; whoever is in no group is not measured. */
  'measure-begin': z.strictObject({ groups: z.record(z.string(), users) }),
  'measure-end': z.null(),
  close: z.strictObject({ users }),
  /** From now on each of them whose session is lost opens it again, by itself. */
  return: z.strictObject({ users }),
  status: z.null(),
} as const;

export type LoadCommand = keyof typeof REQUESTS;

/** How long each user took, or one line that says why it failed. */
export interface Attempts {
  ms: number[];
  failures: string[];
}

export interface LoadAnswers {
  'sign-in': Attempts;
  open: Attempts;
  probe: null;
  stall: null;
  resume: null;
  'measure-begin': null;
  'measure-end': { seconds: number; groups: Record<string, Measured>; stalls: Record<string, Stall> };
  close: null;
  return: null;
  status: { open: number; lost: Record<string, string>; returned: Record<string, Returned> };
}

/** Since the session was lost. */
export interface Returned {
  ms: number;
  tries: number;
  /** Why each but the last try failed. */
  failures: string[];
}

/** What a session that had stopped reading found when it read on. */
export interface Stall {
  backlogBytes: number;
  firstFreshMs: number | null;
}
