// A live system whose audit logs are looked at: gateway, broker and agent, one user enrolled, one session worked through,
// each process started anew once. Its files are closed early, so that there are several.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { enrol, type Person, pairingCode } from '#lab/person.ts';
import { mustRun } from '#lab/process.ts';
import { bringUp, type System } from '#lab/system.ts';
import type { Stage } from '../proof.ts';
import { parse, readLines } from './logs.ts';

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
        await system.restart(name);
        await linked(system, signal);
      }
      return { system, person, work };
    } catch (error) {
      await system.stop();
      throw error;
    }
  },
  down: ({ system }) => system.stop(),
};

/** Until gateway and agent have their links to the broker, by its log. */
async function linked(system: System, signal: AbortSignal): Promise<void> {
  for (;;) {
    const events = readLines(join(system.folder, 'broker', 'state')).flatMap(({ lines }) => lines.map(parse));
    const since = (event: string) => events.findLast((one) => one.event === event)?.sequence ?? 0;
    const started = since('process-started');
    const isUp = (['gateway', 'agent'] as const).every(
      (peer) => since(`${peer}-connected`) > Math.max(started, since(`${peer}-disconnected`)),
    );
    if (isUp) return;
    await setTimeout(LOOK_MS, null, { signal });
  }
}

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
