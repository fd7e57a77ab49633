// How the V8 of a process that carries records is started: the relays, agents, and bench's clients. Node hands out what it
// reads, and what it encrypts, in memory outside the heap, while a record costs hardly any memory inside it. Left alone V8
// scavenges so rarely that this memory grows old, and it then marks the whole heap many times a second: measured, a quarter
// to a third of a relay's CPU under load, and the threads that do it take the cores from everybody else.

/** For Node's command line, where these are read once. The systemd units of deploy/ and package.json say the same. */
export const HEAP = [
  // MiB: scavenges come often, and free that memory while it is still in the CPU's cache.
  '--max-semi-space-size=1',
  // MiB that may grow old before the first full collection.
  '--initial-old-space-size=64',
] as const;
