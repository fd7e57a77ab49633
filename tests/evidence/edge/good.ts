// What a healthy system shows to the judges of the edge; each test spoils a copy of it in one place.
import type { Keys, Memory } from '#evidence/edge/watched.ts';

export const KEYS: Keys = { pressed: 200, answered: 199, p50Ms: 4, p95Ms: 9 };
export const MEMORY: Memory = { beforeMiB: 100, mostMiB: 120 };

/** A deep copy with one change, in which no part stands twice. */
export function but<T>(good: T, spoil: (seen: T) => void): T {
  const copy: T = JSON.parse(JSON.stringify(good));
  spoil(copy);
  return copy;
}
