// How V8 collects in a process that relays. Node hands out what it reads in slabs of 64 KiB outside the heap, while a
// relayed record costs hardly any memory inside it. Left alone V8 scavenges so rarely that the slabs grow old, and it
// then marks the whole heap several times a second: measured, a third of a relay's CPU.
import { setFlagsFromString } from 'node:v8';

/** Both are read anew at each collection, so they work at run time; heap.test.ts watches that V8 still knows them. */
export const HEAP_FLAGS = [
  // The young generation stays small: slabs are freed by scavenges, while still in the CPU's cache.
  '--semi-space-growth-factor=1',
  // A full collection waits for heap and slabs together to grow, not for the slabs alone.
  '--external-memory-accounted-in-global-limit',
] as const;

export function collectYoungOften(): void {
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
}
