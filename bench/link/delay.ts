// The delay between clients and gateway, in this process or in one of its own (main.ts).
import { type Link, openLink, UNLIMITED } from '#lab/link.ts';

interface End {
  host: string;
  port: number;
}

export interface Delay {
  to: End;
  listen: End;
  roundTripMs: number;
}

/** @throws Failure if the port cannot be bound */
export function openDelay({ to, listen, roundTripMs }: Delay): Promise<Link> {
  const way = wayOf(roundTripMs);
  return openLink({ to, forth: way, back: way, ...listen });
}

/** Half of the round trip each way, no limit of its own: the rate is the broker's, or the cable's. */
export const wayOf = (roundTripMs: number) => ({ ...UNLIMITED, delayMs: roundTripMs / 2 });
