// One JSON message over a local socket, bounded.
import type { IncomingMessage } from 'node:http';
import { Refusal } from '#protocol/codes.ts';

/** @throws BODY_TOO_LARGE */
export async function readAll(stream: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new Refusal('BODY_TOO_LARGE');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Nothing is null. @throws BODY_MALFORMED */
export function parseJson(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    throw new Refusal('BODY_MALFORMED', 'not JSON');
  }
}
