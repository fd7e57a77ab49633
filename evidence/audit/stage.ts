// A live system whose audit logs are looked at: gateway, broker and agent, one user enrolled, one session worked through,
// each process started anew once. Its files are closed early, so that there are several.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { enrol, type Person, pairingCode } from '#lab/person.ts';
import { mustRun } from '#lab/process.ts';
import { bringUp, type System } from '#lab/system.ts';
import type { Stage } from '../proof.ts';
import { type Line, parse, readLines } from './logs.ts';

/** A session, and what goes before it, is some 6 KB at each process. */
export const FILE_BYTES = 2_048;
const LOOK_MS = 50;

export interface AuditSystem {
  readonly system: System;
  readonly person: Person;
  /** @param codeAge of the one-time code in seconds, 30 or 0: one is taken once, so each session needs another */
  work(codeAge: number): Promise<void>;
}

export const auditSystem: Stage<AuditSystem> = {
  name: 'audit',
  async up(folder, signal) {
    const system = await bringUp({
      ...{ folder, port: 0, page: null, desktops: [{ name: 'pc-01', kind: 'office' }] },
      ...{ audit: { fileBytes: FILE_BYTES }, signal },
    });
    try {
      const person = await enrol(system, 'tanaka', '田中太郎');
      const work = (codeAge: number) => session(system, person, codeAge);
      await work(30);
      // A process that stops has its last checkpoint anchored by a neighbour it is linked to; and each chain has to go on.
      for (const name of ['agent', 'broker', 'gateway'] as const) {
        const before = lastIn(brokerLog(system));
        await system.restart(name);
        await linked(system, name === 'broker' ? ['gateway', 'agent'] : [name], before, signal);
      }
      return { system, person, work };
    } catch (error) {
      await system.stop();
      throw error;
    }
  },
  down: ({ system }) => system.stop(),
};

/** Until the peers have a new link to the broker, by its log after that event. */
async function linked(
  system: System,
  peers: readonly ('gateway' | 'agent')[],
  after: number,
  signal: AbortSignal,
): Promise<void> {
  const isBack = (events: readonly Line[], peer: string) =>
    events.some(({ sequence, event }) => sequence > after && event === `${peer}-connected`);
  for (;;) {
    const events = brokerLog(system);
    if (peers.every((peer) => isBack(events, peer))) return;
    await setTimeout(LOOK_MS, null, { signal });
  }
}

const lastIn = (events: readonly Line[]): number => events.at(-1)?.sequence ?? 0;

const brokerLog = (system: System): Line[] =>
  readLines(join(system.folder, 'broker', 'state')).flatMap(({ lines }) => lines.map(parse));

async function session(system: System, person: Person, codeAge: number): Promise<void> {
  const [desktop = ''] = system.desktops;
  const code = await pairingCode(system, person, desktop);
  await mustRun(
    'client-sim/main.ts',
    [
      ...['--user', person.user, '--credentials', person.folder, '--gateway', system.gateway, '--desktop', desktop],
      ...['--totp-uri', person.totpFile, '--otp-age', String(codeAge), '--json', '--type', 'audit'],
      ...['--screenshot', join(system.folder, 'screenshot.png'), ...(code ? ['--pair-code', code] : [])],
    ],
    system.signal,
  );
}
