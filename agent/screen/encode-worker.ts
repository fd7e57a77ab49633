// One encoder thread: a job in, its rectangles out. It keeps nothing between jobs and catches nothing: whatever goes
// wrong here ends the thread, and the pool (encoders.ts) decides what becomes of the job.
import { parentPort } from 'node:worker_threads';
import { type EncodeJob, encodeAreas } from './encode.ts';

const port = parentPort;
if (!port) throw new Error('encode-worker.ts runs as a worker thread only');

port.on('message', (job: EncodeJob) => {
  const encoded = encodeAreas(job);
  port.postMessage(encoded, [encoded.bytes.buffer]);
});
