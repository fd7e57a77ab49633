// The ready line: what a process that serves prints on stdout, once, when it can be used.

export interface Ready {
  /** gateway, broker or agent */
  name: string;
  [detail: string]: unknown;
}

/** Prints {"ready":true,"name":…,…} as one line. Whoever started the process waits for it and reads the ports there. */
export function announceReady(details: Ready): void {
  process.stdout.write(`${JSON.stringify({ ready: true, ...details })}\n`);
}
