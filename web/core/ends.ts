// How a session or an attempt ends, as the client must show it: who said so decides how far it can be believed.
import { type Code, codeOf, Refusal } from '#protocol/codes.ts';
import { RefusedByAgent } from '#protocol/inner/handshake.ts';
import { ClosedByRelay } from '#protocol/outer/data-socket.ts';

export interface End {
  code: Code;
  /** true: the agent said so under the session's keys, or the client found it itself. false: a relay said so. */
  authentic: boolean;
}

/** The gateway refused a request. */
export class RefusedByGateway extends Error {
  readonly code: Code;
  /** What an administrator may know beyond the code; '' otherwise. */
  readonly detail: string;

  constructor(code: Code, detail = '') {
    super(code);
    this.code = code;
    this.detail = detail;
  }
}

/** What any failure of opening means to the user. */
export function endOf(error: unknown): End {
  if (error instanceof RefusedByGateway || error instanceof ClosedByRelay)
    return { code: error.code, authentic: false };
  if (error instanceof RefusedByAgent) return { code: error.code, authentic: true };
  if (error instanceof Refusal) return { code: codeOf(error.reason), authentic: true };
  return { code: 'CONNECTION_LOST', authentic: false };
}
