// How the V8 of a relay is started. Node hands out what it reads in slabs of 64 KiB outside the heap, while a relayed
// record costs hardly any memory inside it. Left alone V8 scavenges so rarely that the slabs grow old, and it then marks
// the whole heap many times a second: measured, a quarter to a third of a relay's CPU under load.

/** For Node's command line, where these are read once. The systemd units of deploy/ say the same. */
export const RELAY_HEAP = [
  // MiB: scavenges come often, and free the slabs while they are still in the CPU's cache.
  '--max-semi-space-size=1',
  // MiB that may grow old before the first full collection.
  '--initial-old-space-size=64',
] as const;
