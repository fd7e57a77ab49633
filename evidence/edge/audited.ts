// What a process's audit log gained meanwhile.
import { readFileSync, statSync } from 'node:fs';
import * as z from 'zod';

export interface Audited {
  /** Events of the kind that were written. */
  written: number;
  /** That happened, by the counts in their details. */
  counted: number;
  reasons: Record<string, number>;
  /** What the whole log grew by. */
  bytes: number;
}

const line = z.looseObject({
  event: z.string(),
  fields: z.looseObject({ reason: z.optional(z.string()), detail: z.optional(z.string()) }),
});

/** @returns to be called afterwards, with the kind of event that is looked for */
export function watchAudit(path: string): (event: string) => Audited {
  const from = statSync(path).size;
  return (event) => {
    const gained = readFileSync(path).subarray(from);
    const audited: Audited = { written: 0, counted: 0, reasons: {}, bytes: gained.length };
    for (const text of gained.toString('utf8').split('\n').filter(Boolean)) {
      const { event: name, fields } = line.parse(JSON.parse(text));
      if (name !== event) continue;
      const { reason = '', detail = '' } = fields;
      audited.written++;
      audited.counted += 1 + Number(/\((\d+) more were not written/.exec(detail)?.[1] ?? 0);
      audited.reasons[reason] = (audited.reasons[reason] ?? 0) + 1;
    }
    return audited;
  };
}
