// From page to page of enrolment, and what this tab holds meanwhile. It is gone with the tab: what shall last, the user saves.
import type { UserKey } from '#web/core/enrolment.ts';
import type { Request } from '#web/core/gateway-api.ts';
import type { Frame } from '../frame.ts';

/** A request that waits for its certificate. */
export interface Pending {
  key: UserKey;
  /** Of the key file, and of the .p12 to come. */
  password: string;
  /** The encrypted key, PEM. */
  keyFile: string;
  number: string;
  /** ISO 8601 */
  expiresAt: string;
}

export interface Visit {
  frame: Frame;
  request: Request;
  ask(): void;
  handedIn(pending: Pending): void;
  collect(): void;
  /** @param name of the file, without its ending */
  done(name: string, p12: Uint8Array<ArrayBuffer>): void;
}
