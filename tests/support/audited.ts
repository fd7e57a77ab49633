// What real processes have written into their audit logs, as lab/audit-log reads it. Whatever a test reads counts as
// produced by it (G1).
import * as log from '#lab/audit-log.ts';
import { producedIn } from './produced-events.ts';

export const auditOf: typeof log.auditOf = (system, name) => producedIn(log.auditOf(system, name));

export const audited: typeof log.audited = async (system, name, ...wanted) => {
  const found = await log.audited(system, name, ...wanted);
  auditOf(system, name);
  return found;
};
