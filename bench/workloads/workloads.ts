// What people do at an office PC, in five kinds, and in which shares: the mix that the office scenario runs. Each kind is
// acted out once at a real desktop while it is recorded (record.ts); the traces lie in traces/.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#platform/process/exit.ts';
import { readTrace, type Trace } from './trace.ts';

/** Per cent of the sessions of an office, at one moment. */
export const MIX = { idle: 30, typing: 40, scrolling: 20, slides: 8, video: 2 } as const;

export type Workload = keyof typeof MIX;
export const WORKLOADS = Object.keys(MIX) as [Workload, ...Workload[]];

/** @param session its number among `sessions`: the shares are as near as whole sessions allow, spread evenly */
export function workloadOf(session: number, sessions: number): Workload {
  const place = ((session * 37) % 100) + (sessions < 100 ? 0.5 : 0);
  let limit = 0;
  for (const workload of WORKLOADS) {
    limit += MIX[workload];
    if (place < limit) return workload;
  }
  return 'idle';
}

const FOLDER = join(import.meta.dirname, 'traces');

export const traceFile = (workload: Workload): string => join(FOLDER, `${workload}.trace`);

/** @throws Failure if the file is missing or no trace */
export function loadTrace(workload: Workload): Trace {
  const file = traceFile(workload);
  try {
    return readTrace(readFileSync(file));
  } catch (error) {
    throw new Failure(`${file}: ${(error as Error).message}; "npm run bench -- record" makes it again`, 3);
  }
}
