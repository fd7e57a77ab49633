// The calling end of local-socket.ts: what the administrators' commands use.
import { request } from 'node:http';
import * as z from 'zod';
import { isReason, Refusal } from '#protocol/codes.ts';
import { Failure } from './exit.ts';
import { parseJson, readAll } from './local-message.ts';

const CALL_MAX_MS = 30_000;
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;

const answerSchema = z.union([
  z.strictObject({ result: z.unknown() }),
  z.strictObject({ failure: z.string() }),
  z.strictObject({ refusal: z.strictObject({ reason: z.string(), detail: z.string() }) }),
]);

/**
 * Calls one command of the process that serves `path`.
 * @returns its result; the caller parses it
 * @throws Failure if no process answers, or what the handler failed with
 * @throws Refusal what the handler refused with
 */
export async function callLocal(path: string, name: string, body: unknown = null): Promise<unknown> {
  const parsed = answerSchema.safeParse(parseJson(await exchange(path, name, JSON.stringify(body))));
  if (!parsed.success) throw new Failure(`${path}: the process there gave an answer of another form`);
  const answered = parsed.data;
  if ('failure' in answered) throw new Failure(answered.failure);
  if (!('refusal' in answered)) return answered.result;
  const { reason, detail } = answered.refusal;
  throw new Refusal(isReason(reason) ? reason : 'INTERNAL', detail);
}

function exchange(path: string, name: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: path,
        path: `/${name}`,
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json' },
      },
      (incoming) => void readAll(incoming, ANSWER_MAX_BYTES).then(resolve, reject),
    );
    outgoing.setTimeout(CALL_MAX_MS, () => outgoing.destroy(new Failure(`${path}: no answer in ${CALL_MAX_MS} ms`)));
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      reject(error instanceof Failure ? error : new Failure(`${path}: ${explain(error.code)}`)),
    );
    outgoing.end(body);
  });
}

function explain(code: string | undefined): string {
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'nothing answers there; is the process running?';
  if (code === 'EACCES') return 'not permitted for this user';
  return `the connection failed (${code ?? 'unknown error'})`;
}
