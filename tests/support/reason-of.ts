import { type Reason, refusalFrom } from '#protocol/codes.ts';

/** @returns what the audit log would say of it, INTERNAL for what is no refusal; null if nothing was refused */
export async function reasonOf(work: Promise<unknown>): Promise<Reason | null> {
  return work.then(
    () => null,
    (error) => refusalFrom(error).reason,
  );
}
