// How V8 collects in a process that relays. Node hands out what it reads in slabs of 64 KiB outside the heap, while a
// relayed record costs hardly any memory inside it. Left alone V8 scavenges so rarely that the slabs grow old, and it
// then marks the whole heap many times a second: measured, up to a third of a relay's CPU. Slabs that die young are freed
// by scavenges, while they are still in the CPU's cache.
//
// The size of the young generation is fixed when Node starts: relays are started with --max-semi-space-size=1 (MiB). What
// can be set later is set here, so that a process that was started without it is not far behind.
import { setFlagsFromString } from 'node:v8';

/** Read anew at each collection; heap.test.ts watches that V8 still knows them. */
export const HEAP_FLAGS = [
  // The young generation grows no further.
  '--semi-space-growth-factor=1',
  // A full collection waits for heap and slabs together to grow, not for the slabs alone.
  '--external-memory-accounted-in-global-limit',
] as const;

export function collectYoungOften(): void {
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
}
