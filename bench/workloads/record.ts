// npm run bench -- record: acts the workloads out at real desktops and writes their traces anew; and, without writing,
// what the encoder costs (the encode scenario).
import { renameSync, writeFileSync } from 'node:fs';
import { Failure } from '#platform/process/exit.ts';
import { endProgram, officeStage, SCENES, vncStage } from './scenes.ts';
import { type Recording, recordScreen } from './screen-recorder.ts';
import { writeTrace } from './trace.ts';
import { traceFile, WORKLOADS, type Workload } from './workloads.ts';

/** @throws Failure, exit 3, if the desktop it needs cannot be started here */
export async function recordWorkload(workload: Workload): Promise<Recording> {
  const { desktop, program, act } = SCENES[workload];
  const stage = await (desktop === 'office' ? officeStage() : vncStage()).catch((error) => {
    throw new Failure(`no ${desktop} desktop: ${(error as Error).message}`, 3);
  });
  const running = program?.(stage.env);
  try {
    return await recordScreen({
      open: stage.open,
      prepare: (opened) => stage.prepare(opened),
      act: (opened) => act(opened, stage.env),
    });
  } finally {
    if (running) await endProgram(running);
    await stage.stop();
  }
}

/** Replaces every trace; each whole or not at all. */
export async function recordAll(say: (line: string) => void): Promise<void> {
  for (const workload of WORKLOADS) {
    const { trace, seconds } = await recordWorkload(workload);
    const bytes = writeTrace(trace);
    const file = traceFile(workload);
    writeFileSync(`${file}.new`, bytes);
    renameSync(`${file}.new`, file);
    say(`${workload}: ${trace.frames.length} frames in ${seconds.toFixed(1)} s, ${bytes.length} bytes`);
  }
}
