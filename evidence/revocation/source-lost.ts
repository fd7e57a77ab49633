// Where nobody can tell any more whether a right holds: the state cannot be read, or the revocation list is gone. Nobody new
// gets in, who is in has no longer than the stated grace, and afterwards everything works again.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { System } from '#lab/system.ts';
import { LEASE_LIFE_MS } from '#protocol/limits.ts';
import { listDesktops } from '#web/core/gateway-api.ts';
import type { Judgement } from '../proof.ts';
import { desktopOf, type Ground } from './ground.ts';
import { pause } from './pause.ts';
import { enrolUser, signIn } from './people.ts';
import { outcomeOf, takeSeat } from './seat.ts';

/** From the last time that the rights were confirmed, which may be up to a moment after the loss. */
export const GRACE_MS = LEASE_LIFE_MS;
export const TOLERANCE_MS = 2_000;
const WATCHED_MS = GRACE_MS + 15_000;
/** A file that is gone is missed within a look of 250 ms. */
const NOTICED_MS = 2_000;
/** For the gateway to see that it is there again, and for the desktop to be locked and free. */
const REPAIRED_MS = 5_000;

export interface SourceLost {
  what: 'state' | 'list';
  /** The other user's request right before, and once the loss was noticed. */
  before: string;
  meanwhile: string;
  opening: string;
  framesMeanwhile: number;
  endedMs: number | null;
  code: string | null;
  authentic: boolean;
  /** Opening the desktop once it was put right. */
  afterwards: string;
}

/** The table that everything is read from is not there, as far as the running gateway can see. */
function loseState(system: System): () => void {
  const rename = (from: string, to: string) => {
    const database = new DatabaseSync(join(system.folder, 'gateway', 'state', 'state.sqlite'), { timeout: 5_000 });
    database.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    database.close();
  };
  rename('entries', 'entries_away');
  return () => rename('entries_away', 'entries');
}

function loseList({ pki }: System): () => void {
  const path = pki.files.gatewayServer.revocations;
  renameSync(path, `${path}.away`);
  return () => renameSync(`${path}.away`, path);
}

export const observeLostState = async ({ state }: Ground): Promise<SourceLost> =>
  observeLoss('state', await state, loseState);
export const observeLostList = async ({ list }: Ground): Promise<SourceLost> =>
  observeLoss('list', await list, loseList);

async function observeLoss(
  what: SourceLost['what'],
  system: System,
  lose: (system: System) => () => void,
): Promise<SourceLost> {
  const seat = await takeSeat(system, await enrolUser(system, `in-${what}`), desktopOf(system, 'pc-01'));
  const { transport, around } = await signIn(system, await enrolUser(system, `new-${what}`));
  const ask = () => outcomeOf(listDesktops(around.request));
  const before = await ask();
  await seat.work();
  const frames = seat.frames;
  const lostAt = Date.now();
  const putRight = lose(system);
  try {
    let meanwhile = await ask();
    while (meanwhile === 'done' && Date.now() - lostAt < NOTICED_MS) meanwhile = await ask();
    const opening = await seat.tryAgain();
    const end = await Promise.race([seat.ended, pause(WATCHED_MS)]);
    const framesMeanwhile = seat.frames - frames;
    putRight();
    return {
      ...{ what, before, meanwhile, opening, framesMeanwhile },
      endedMs: end && Math.ceil(end.at - lostAt),
      code: end?.code ?? null,
      authentic: end?.authentic ?? false,
      afterwards: await eventually(() => seat.tryAgain()),
    };
  } finally {
    seat.leave();
    transport.close();
  }
}

async function eventually(attempt: () => Promise<string>): Promise<string> {
  const began = Date.now();
  for (;;) {
    const outcome = await attempt();
    if (outcome === 'opened' || Date.now() - began > REPAIRED_MS) return outcome;
    await pause(500);
  }
}

export function judgeLoss(losses: readonly SourceLost[]): Judgement {
  const holds = (one: SourceLost) =>
    one.before === 'done' &&
    one.meanwhile !== 'done' &&
    one.opening !== 'opened' &&
    one.framesMeanwhile > 0 &&
    one.endedMs !== null &&
    one.endedMs <= GRACE_MS + TOLERANCE_MS &&
    one.code === 'RIGHTS_UNCONFIRMED' &&
    one.authentic &&
    one.afterwards === 'opened';
  const figures = losses.map(
    ({ what, meanwhile, endedMs, code, afterwards }) =>
      `${what}: ${meanwhile}, ${endedMs ?? '–'} ms (≤ ${GRACE_MS} + ${TOLERANCE_MS}), ${code ?? '–'}, → ${afterwards}`,
  );
  return {
    result: losses.length > 0 && losses.every(holds) ? 'pass' : 'fail',
    seen: {
      ja: `読めない間の新規の要求、終了までの時間と理由、復旧後の接続: ${figures.join('; ')}`,
      en: `new requests meanwhile, time to the end and its reason, opening afterwards: ${figures.join('; ')}`,
    },
  };
}
