// A request's body: bounded while it arrives, JSON of a closed schema after (T14).
import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { Refusal } from '#protocol/codes.ts';
import { BODY_MAX_BYTES } from '#protocol/limits.ts';
import { parseJson } from '#protocol/outer/json.ts';

/**
 * @throws BODY_TOO_LARGE, BODY_MALFORMED naming the field but never its value
 */
export async function readBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  // A form on another site can send every other type without being asked (CSRF).
  if (type !== 'application/json') throw new Refusal('BODY_MALFORMED', 'content-type');
  const text = await readText(request);
  try {
    return parseJson(text, BODY_MAX_BYTES, schema);
  } catch (error) {
    throw error instanceof Refusal ? new Refusal('BODY_MALFORMED', error.detail) : error;
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) throw new Refusal('BODY_TOO_LARGE');
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > BODY_MAX_BYTES) throw new Refusal('BODY_TOO_LARGE');
      chunks.push(chunk);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('BODY_MALFORMED', 'cut short or not UTF-8');
  }
}
