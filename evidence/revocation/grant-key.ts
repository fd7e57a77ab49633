// The grant key is rolled over as deploy/README.md says it, and nothing ends. Then the office side takes the pin out, and
// everything that goes on by the gateway's word does.
import { copyFileSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { makeGrantKey } from '#gateway/grants.ts';
import type { System } from '#lab/system.ts';
import { LEASE_INTERVAL_MS } from '#protocol/limits.ts';
import type { Judgement } from '../proof.ts';
import { END_MAX_MS, type Ending, observeEnding } from './ending.ts';
import { desktopOf, editAgentFile, type Ground } from './ground.ts';
import { pause } from './pause.ts';
import { enrolUser } from './people.ts';
import { outcomeOf, type Seat, takeSeat } from './seat.ts';

export interface RollOver {
  /** The gateway's log says that another key signs. */
  gatewayTookItOver: boolean;
  /** Of the session that was there before, while the old pin had gone: its pictures, and how it ended if it did. */
  carried: { framesMeanwhile: number; ended: string | null };
  /** A session that was opened under the new key alone. */
  openedAnew: string;
  /** The last pin taken out. */
  withdrawn: Ending[];
  /** What a user hears who opens after that. */
  afterwards: string;
}

/** Two of the agent's questions: each session has a lease by the new key by then. */
const CARRIED_MS = 2 * LEASE_INTERVAL_MS + 1_000;
/** So long the old pin has gone while the sessions are watched. */
const WATCHED_MS = 3_000;
/** A file that changed is read within two looks of 250 ms. */
const TAKEN_MS = 2_000;

export async function observeRollOver({ keys }: Ground): Promise<RollOver> {
  const system = await keys;
  const key = (name: string) => join(system.folder, 'gateway', name);
  const pins = (...names: string[]) => editAgentFile(system, () => ({ grantKeys: names.map(key) }));
  const first = await takeSeat(system, await enrolUser(system, 'first'), desktopOf(system, 'pc-01'));

  makeGrantKey(key('grant-key.next.pem'));
  copyFileSync(key('grant-key.pub.pem'), key('grant-key.old.pub.pem'));
  pins('grant-key.old.pub.pem', 'grant-key.next.pub.pem');
  await pause(TAKEN_MS);
  renameSync(key('grant-key.next.pem'), key('grant-key.pem'));
  await pause(CARRIED_MS);
  pins('grant-key.next.pub.pem');
  await first.work();
  const before = first.frames;
  await pause(WATCHED_MS);
  const carried = { framesMeanwhile: first.frames - before, ended: first.end?.code ?? null };

  let second: Seat | null = null;
  const openedAnew = await outcomeOf(
    (async () => {
      second = await takeSeat(system, await enrolUser(system, 'second'), desktopOf(system, 'pc-02'));
    })(),
  );
  // A pin of nobody's: agent.json needs one.
  makeGrantKey(key('nobody.pem'));
  const seats = [['first', first] as const, ...(second ? [['second', second as Seat] as const] : [])];
  await Promise.all(seats.map(([, seat]) => seat.work()));
  const takeOut = Promise.resolve().then(() => pins('nobody.pub.pem'));
  const watching = seats.map(([what, seat]) => observeEnding(what, seat, () => takeOut));
  const withdrawn = await Promise.all(watching);
  const afterwards = await first.tryAgain();
  for (const [, seat] of seats) seat.leave();
  return { gatewayTookItOver: hasChanged(system), carried, openedAnew, withdrawn, afterwards };
}

const event = z.looseObject({ event: z.string() });

function hasChanged({ folder }: System): boolean {
  const text = readFileSync(join(folder, 'gateway', 'state', 'audit.jsonl'), 'utf8');
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => event.parse(JSON.parse(line)));
  return events.some((one) => one.event === 'grant-key-changed');
}

export function judgeRollOver({ gatewayTookItOver, carried, openedAnew, withdrawn, afterwards }: RollOver): Judgement {
  const rolled = gatewayTookItOver && carried.framesMeanwhile > 0 && carried.ended === null && openedAnew === 'done';
  const cut = (one: Ending) =>
    one.endedMs !== null && one.endedMs <= END_MAX_MS && one.code === 'GATEWAY_DISTRUSTED' && one.authentic;
  const holds = rolled && withdrawn.length === 2 && withdrawn.every(cut) && afterwards === 'AGENT_REFUSED';
  const times = withdrawn.map(({ endedMs, code }) => `${endedMs ?? '–'} ms, ${code ?? '–'}`).join('; ');
  return {
    result: holds ? 'pass' : 'fail',
    seen: {
      ja: `鍵の交換中: 映像 ${carried.framesMeanwhile} 件、終了 ${carried.ended ?? 'なし'}、新しい鍵での接続 ${openedAnew}。鍵を外した後: ${times}、再接続は ${afterwards}`,
      en: `over the roll-over ${carried.framesMeanwhile} frames, ended: ${carried.ended ?? 'no'}, opened by the new key: ${openedAnew}; pin taken out: ${times}, opening then: ${afterwards}`,
    },
  };
}
