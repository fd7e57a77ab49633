// Somebody else in a process's place for a while: the real one stops, and afterwards it runs again as before.
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessName } from '#lab/audit-log.ts';
import { listDesktops } from '#web/core/gateway-api.ts';
import type { Secrecy } from './stage.ts';

const ONLINE_MAX_MS = 20_000;
const LOOK_MS = 50;

/** Who dials whom: a dialler that lost its link waits longer and longer, so it begins anew beside whoever it dials. */
const DIALLERS: Readonly<Record<ProcessName, readonly ProcessName[]>> = {
  broker: ['gateway', 'agent'],
  gateway: [],
  agent: [],
};

export async function inPlaceOf<I extends { close(): Promise<void> }, T>(
  name: ProcessName,
  stage: Pick<Secrecy, 'system' | 'client'>,
  take: () => Promise<I>,
  work: (impostor: I) => Promise<T>,
): Promise<T> {
  const { processes, restart } = stage.system;
  const diallers = DIALLERS[name];
  const stopAll = async (names: readonly ProcessName[]) => {
    for (const one of names) await processes[one].stop();
  };
  const startDiallers = () => Promise.all(diallers.map(restart));
  await stopAll([...diallers, name]);
  try {
    const impostor = await take();
    try {
      await startDiallers();
      if (diallers.length > 0) await online(stage);
      return await work(impostor);
    } finally {
      await stopAll(diallers);
      await impostor.close();
    }
  } finally {
    await restart(name);
    await startDiallers();
    await online(stage);
  }
}

/** Until the gateway knows that every desktop can be opened. @throws Error if that never comes */
export async function online({ client, system }: Pick<Secrecy, 'system' | 'client'>): Promise<void> {
  const until = performance.now() + ONLINE_MAX_MS;
  for (;;) {
    const listed = await listDesktops(client.around.request).catch(() => []);
    if (listed.filter((one) => one.online).length === system.desktops.length) return;
    if (performance.now() > until) throw new Error('the desktops did not come online again');
    await delay(LOOK_MS);
  }
}
