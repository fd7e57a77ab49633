// JSON from another zone: bounded before it is parsed, closed schemas after (T14).
import type * as z from 'zod';
import { Refusal } from '../codes.ts';

/**
 * @param maxBytes the length is checked in UTF-16 units, which is never more than the bytes
 * @throws MALFORMED, naming the field but never its value
 */
export function parseJson<T>(text: string, maxBytes: number, schema: z.ZodType<T>): T {
  if (text.length > maxBytes) throw new Refusal('MALFORMED', `a message of ${text.length} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal('MALFORMED', 'not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Refusal('MALFORMED', `${issue?.path.join('.') || 'message'}: ${issue?.code ?? 'invalid'}`);
  }
  return parsed.data;
}
