// The administrators' actions as their page asks for them (docs/api.md). No DOM.
import * as z from 'zod';
import { call, type Request } from './gateway-api.ts';

const time = z.string();
const who = { municipality: z.string(), user: z.string() };
const users = z.object({
  users: z.array(
    z.object({
      ...who,
      name: z.string(),
      enabled: z.boolean(),
      lastSignIn: z.nullable(time),
      certificateExpiresAt: z.nullable(time),
      certificateWarning: z.nullable(z.number()),
      totp: z.boolean(),
      passkeys: z.number(),
      desktops: z.array(z.string()),
    }),
  ),
});
const factors = z.object({
  totp: z.nullable(time),
  passkeys: z.array(z.object({ id: z.string(), name: z.string(), createdAt: time, suspended: z.boolean() })),
  password: z.nullable(time),
  recoveryCodesLeft: z.number(),
});
const code = z.object({ code: z.string(), expiresAt: time });
const sessions = z.object({
  sessions: z.array(
    z.object({
      ...who,
      session: z.string(),
      desktop: z.string(),
      address: z.string(),
      startedAt: time,
      idleSince: z.nullable(time),
    }),
  ),
});
const desktops = z.object({
  desktops: z.array(z.object({ desktop: z.string(), online: z.boolean(), inUse: z.boolean() })),
});
const policy = z.object({
  secondFactors: z.array(z.enum(['webauthn', 'totp'])),
  password: z.boolean(),
  hardwareBound: z.boolean(),
  idleSeconds: z.number(),
  overallSeconds: z.number(),
});
const policyState = z.object({
  municipality: z.string(),
  policy,
  /** A looser policy that waits for another administrator. */
  waiting: z.nullable(
    z.object({ id: z.string(), before: policy, after: policy, by: z.string(), at: time, expiresAt: time }),
  ),
});
const policies = z.object({ policies: z.array(policyState) });
const requests = z.object({
  requests: z.array(
    z.object({
      ...who,
      /** the fingerprint of its key */
      request: z.string(),
      name: z.string(),
      state: z.string(),
      submittedAt: time,
      expiresAt: time,
    }),
  ),
});
const status = z.object({ auditHealthy: z.boolean(), brokerLinked: z.boolean(), sessions: z.number() });

export interface UserId {
  municipality: string;
  user: string;
}
export type AdministeredUser = z.infer<typeof users>['users'][number];
export type UserFactors = z.infer<typeof factors>;
export type LiveSession = z.infer<typeof sessions>['sessions'][number];
export type KnownDesktop = z.infer<typeof desktops>['desktops'][number];
export type PolicyState = z.infer<typeof policyState>;
export type Policy = z.infer<typeof policy>;
export type OneTimeCode = z.infer<typeof code>;
export type EnrolmentRequest = z.infer<typeof requests>['requests'][number];

/** @throws RefusedByGateway; its detail says what of the request was not possible */
function act<T>(request: Request, action: string, answer: z.ZodType<T>, body: object = {}): Promise<T> {
  return call(request, 'POST', `/api/administration/${action}`, answer, body);
}

const done = z.unknown();

export const askStatus = (request: Request) => act(request, 'status', status);

/** @param find part of an id or a name */
export const listUsers = async (request: Request, find: string): Promise<AdministeredUser[]> =>
  (await act(request, 'user.list', users, find ? { find } : {})).users;
export const addUser = (request: Request, user: UserId & { name: string }) => act(request, 'user.add', done, user);
export const setUserEnabled = (request: Request, id: UserId, enabled: boolean) =>
  act(request, enabled ? 'user.enable' : 'user.disable', done, id);

export const listUserFactors = (request: Request, id: UserId) => act(request, 'factor.list', factors, id);
/** @param passkey its id, for 'webauthn' */
export const removeUserFactor = (request: Request, id: UserId, factor: string, passkey?: string) =>
  act(request, 'factor.remove', done, { ...id, factor, ...(passkey ? { id: passkey } : {}) });
export const issueActivation = (request: Request, id: UserId) => act(request, 'factor.activation', code, id);
export const issueEnrolment = (request: Request, id: UserId) => act(request, 'enrolment.code', code, id);

export const entitle = (request: Request, id: UserId, desktop: string, label?: string) =>
  act(request, 'entitlement.add', done, { ...id, desktop, ...(label ? { label } : {}) });
export const withdraw = (request: Request, id: UserId, desktop: string) =>
  act(request, 'entitlement.remove', done, { ...id, desktop });

export const listEnrolments = async (request: Request): Promise<EnrolmentRequest[]> =>
  (await act(request, 'enrolment.list', requests)).requests;
export const refuseEnrolment = (request: Request, number: string) =>
  act(request, 'enrolment.refuse', done, { request: number });

export const listSessions = async (request: Request): Promise<LiveSession[]> =>
  (await act(request, 'session.list', sessions)).sessions;
export const endSession = (request: Request, session: string) => act(request, 'session.end', done, { session });
export const endAllSessions = (request: Request) => act(request, 'session.end', done, { all: true });
export const endUser = (request: Request, id: UserId) => act(request, 'session.end-user', done, id);

export const listKnownDesktops = async (request: Request): Promise<KnownDesktop[]> =>
  (await act(request, 'desktop.list', desktops)).desktops;

export const listPolicies = async (request: Request): Promise<PolicyState[]> =>
  (await act(request, 'policy.list', policies)).policies;
export const setPolicy = (request: Request, municipality: string, policy: Policy) =>
  act(request, 'policy.set', policyState.extend({ held: z.boolean() }), { municipality, ...policy });
export const approvePolicy = (request: Request, municipality: string, id: string) =>
  act(request, 'policy.approve', policyState, { municipality, id });
export const refusePolicy = (request: Request, municipality: string, id: string) =>
  act(request, 'policy.refuse', policyState, { municipality, id });
