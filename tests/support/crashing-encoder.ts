// An encoder thread that dies as often as the first byte of the job's mask says, counting down in shared memory.
import { parentPort } from 'node:worker_threads';
import { type EncodeJob, encodeAreas } from '../../agent/screen/encode.ts';

parentPort?.on('message', (job: EncodeJob) => {
  const crashes = job.mask[0] as number;
  if (crashes > 0) {
    job.mask[0] = crashes - 1;
    process.exit(1);
  }
  parentPort?.postMessage(encodeAreas(job));
});
