// Whose a sign-in and its factors are: a user of a municipality, or an administrator, whose municipality is "-".
import * as z from 'zod';
import { MUNICIPALITY, NAME } from '#protocol/names.ts';

export const ownerSchema = z.strictObject({
  municipality: z.union([z.string().regex(MUNICIPALITY), z.literal('-')]),
  user: z.string().regex(NAME),
});
/** Comes from the certificate on the TLS connection, never from a message (B6, B9). */
export type Owner = z.infer<typeof ownerSchema>;

/** @returns "municipality/user", as it ends a key of the state */
export function ownerPath({ municipality, user }: Owner): string {
  return `${municipality}/${user}`;
}
