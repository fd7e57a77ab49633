// One attempt of whoever stands in the middle on one session of a real client with the real agent, and what came of it.
import { setTimeout as delay } from 'node:timers/promises';
import { auditOf } from '#lab/audit-log.ts';
import { Refusal } from '#protocol/codes.ts';
import { type End, endOf } from '#web/core/ends.ts';
import type { Said } from '../proof.ts';
import type { View } from './client.ts';
import type { Meddle, Middle } from './middle.ts';
import type { OwnDesktop, Secrecy } from './stage.ts';

export interface Attempt {
  /** In the observations, such as "forged key". */
  readonly name: string;
  readonly said: Said;
  /** Fresh for each session. */
  readonly meddle: () => Meddle;
  /** What the user, and whoever is in the middle, do once the session has begun. */
  act?(live: Live): Promise<void> | void;
  readonly expected: Expected;
}

export interface Live {
  readonly view: View;
  readonly middle: Middle;
  /** A key is pressed and let go of. */
  type(): void;
}

export interface Expected {
  /** What the client is left with; null: nothing is wrong, and the session goes on. */
  readonly client: { readonly code: string; readonly authentic: boolean } | null;
  /** What the agent's audit log gives as the reason of the end. */
  readonly agent: RegExp;
  /** The reason of a lane violation in the broker's; none is looked for if it is left out. */
  readonly broker?: RegExp;
  /** Of the keys typed during the attempt, how many may have reached the desktop. */
  readonly arrivedMax: number;
  readonly arrivedMin?: number;
}

export interface Attempted {
  readonly name: string;
  readonly said: Said;
  readonly client: { readonly code: string; readonly authentic: boolean } | null;
  /** In the agent's audit log about this session: "session-ended RECORD_FORGED". */
  readonly agent: readonly string[];
  /** Reasons of lane violations in the broker's. */
  readonly broker: readonly string[];
  readonly arrived: number;
  /** As the client shows it to its user, ms; null before the first. */
  readonly roundTripMs: number | null;
  readonly expected: {
    readonly client: Expected['client'];
    readonly agent: string;
    readonly broker: string | null;
    readonly arrivedMin: number;
    readonly arrivedMax: number;
  };
}

/** Where a hostile broker and a hostile gateway are alike. */
export interface InTheMiddle {
  meddle: Meddle;
  readonly middle: Middle;
}

const ENDED_MAX_MS = 4_000;
const LOOK_MS = 10;
const ENDS = new Set(['handshake-refused', 'session-ended', 'offer-refused', 'pairing-refused']);

export async function attempt(stage: Secrecy, hostile: InTheMiddle, one: Attempt): Promise<Attempted> {
  const desktop = stage.nextDesktop();
  const before = desktop.vnc.pressed.length;
  hostile.meddle = one.meddle();
  const { client, roundTripMs } = await useSession(stage, desktop, hostile, one);
  const agent = await endsOf(stage, hostile.middle.session);
  const { expected } = one;
  return {
    ...{ name: one.name, said: one.said, client, agent, roundTripMs },
    arrived: desktop.vnc.pressed.length - before,
    broker: laneViolations(stage, hostile.middle.session),
    expected: { arrivedMin: 0, ...expected, agent: expected.agent.source, broker: expected.broker?.source ?? null },
  };
}

async function useSession(
  { client }: Secrecy,
  desktop: OwnDesktop,
  hostile: InTheMiddle,
  { act, expected }: Attempt,
): Promise<Pick<Attempted, 'client' | 'roundTripMs'>> {
  let view: View;
  try {
    view = await client.view(desktop.id);
  } catch (error) {
    return { client: told(endOf(error), error), roundTripMs: null };
  }
  await Promise.race([view.picture.complete, view.ended]);
  let keysym = 0x61;
  await act?.({
    ...{ view, middle: hostile.middle },
    type() {
      for (const down of [true, false]) view.session.input({ type: 'key', down, keysym });
      keysym++;
    },
  });
  // Where an end is expected it is waited for; where none is, it had its time while the attempt lasted.
  if (expected.client) await Promise.race([view.ended, delay(ENDED_MAX_MS)]);
  const seen = view.end;
  const { roundTripMs } = view.session;
  view.session.end();
  return { client: seen && told(seen, null), roundTripMs };
}

/** An end without an error's reason, which only this side knows. */
function told({ code, authentic }: End, error: unknown): { code: string; authentic: boolean } {
  return { code: error instanceof Refusal ? error.reason : code, authentic };
}

async function endsOf({ system }: Secrecy, session: string): Promise<string[]> {
  const until = performance.now() + ENDED_MAX_MS;
  for (;;) {
    const ends = auditOf(system, 'agent').filter(({ event, fields }) => fields.session === session && ENDS.has(event));
    if (ends.length > 0 || performance.now() > until)
      return ends.map(({ event, fields }) => `${event} ${fields.reason}`);
    await delay(LOOK_MS);
  }
}

function laneViolations({ system }: Secrecy, session: string): string[] {
  return auditOf(system, 'broker')
    .filter(({ event, fields }) => event === 'lane-violation' && fields.session === session)
    .map(({ fields }) => String(fields.reason));
}

/** Where the attempt came to something else than it must; null if it came to just that. */
export function wrongWith({ said, client, agent, broker, arrived, expected }: Attempted): Said | null {
  const { client: wanted, agent: reason, arrivedMin, arrivedMax } = expected;
  const wrong = (ja: string, en: string): Said => ({ ja: `${said.ja}: ${ja}`, en: `${said.en}: ${en}.` });
  if (client?.code !== wanted?.code || client?.authentic !== wanted?.authentic) {
    if (!client) return wrong('端末の接続がそのまま続いた', 'the client’s session went on');
    const how = `${client.code}${client.authentic ? '' : ' (unauthenticated)'}`;
    return wrong(`端末に示された結果は ${how}`, `the client was left with ${how}`);
  }
  if (!agent.some((end) => new RegExp(`^\\S+ (?:${reason})$`).test(end))) {
    return wrong(`agent の監査ログは「${agent.join('、')}」`, `the agent wrote ${agent.join(', ') || 'nothing'}`);
  }
  if (expected.broker !== null && !broker.some((reason) => new RegExp(`^(?:${expected.broker})$`).test(reason))) {
    return wrong('broker の監査ログにない', 'it is not in the broker’s audit log');
  }
  if (arrived < arrivedMin || arrived > arrivedMax) {
    return wrong(`${arrived} 打鍵がデスクトップに届いた`, `${arrived} keys reached the desktop`);
  }
  return null;
}
