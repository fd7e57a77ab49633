// One clock for all processes of this machine: CLOCK_MONOTONIC, which process.hrtime reads.

/** Microseconds; comparable between the processes of one machine, and with nothing else. */
export const monotonicUs = (): number => Number(process.hrtime.bigint() / 1000n);
