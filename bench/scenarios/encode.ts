// What the encoder costs on real desktops: each workload acted out as for its trace, and nothing written.
import type { EncodeResult } from '../result.ts';
import { distribution, NOTHING } from '../statistics.ts';
import { recordWorkload } from '../workloads/record.ts';
import { SCENES, SCREEN } from '../workloads/scenes.ts';
import { WORKLOADS, type Workload } from '../workloads/workloads.ts';
import type { Scenario } from './options.ts';

export const encode: Scenario = async ({ signal, progress }, emit) => {
  const workloads: EncodeResult['workloads'] = [];
  for (const workload of WORKLOADS) {
    signal.throwIfAborted();
    progress(workload, workloads.length / WORKLOADS.length);
    workloads.push(await measured(workload));
  }
  emit({ scenario: 'encode', workloads });
};

async function measured(workload: Workload): Promise<EncodeResult['workloads'][number]> {
  const desktop = `${SCENES[workload].desktop} ${SCREEN.width}x${SCREEN.height}`;
  try {
    const { updateBytes, seconds, cpuSeconds } = await recordWorkload(workload);
    const bytes = updateBytes.reduce((sum, one) => sum + one, 0);
    return {
      workload,
      desktop,
      seconds,
      kbitPerSecond: (bytes * 8) / seconds / 1000,
      updatesPerSecond: updateBytes.length / seconds,
      cpuShare: cpuSeconds / seconds,
      bytesPerUpdate: distribution(updateBytes),
      missing: null,
    };
  } catch (error) {
    const nothing = { seconds: 0, kbitPerSecond: 0, updatesPerSecond: 0, cpuShare: 0, bytesPerUpdate: NOTHING };
    return { workload, desktop, ...nothing, missing: (error as Error).message };
  }
}
