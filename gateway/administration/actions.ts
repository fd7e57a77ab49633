// Every administrative action, as a table: what stands here is all that an administrator can do, at either door.
import type { Action } from './action.ts';
import { type AdministratorActionParts, administratorActions } from './administrator-actions.ts';
import { type EnrolmentActionParts, enrolmentActions } from './enrolment-actions.ts';
import { type FactorActionParts, factorActions } from './factor-actions.ts';
import { type PolicyActionParts, policyActions } from './policy-actions.ts';
import { type SessionActionParts, sessionActions } from './session-actions.ts';
import { type UserActionParts, userActions } from './user-actions.ts';

export type ActionParts = UserActionParts &
  FactorActionParts &
  SessionActionParts &
  PolicyActionParts &
  AdministratorActionParts & { enrolment: EnrolmentActionParts };

export function actions(parts: ActionParts): readonly Action[] {
  return [
    ...userActions(parts),
    ...factorActions(parts),
    ...enrolmentActions(parts.enrolment),
    ...sessionActions(parts),
    ...policyActions(parts),
    ...administratorActions(parts),
  ];
}
