import { describe, expect, it } from 'vitest';
import type { Entitlements } from '#gateway/entitlements.ts';
import { endOfRights, Rights, type RightsParts } from '#gateway/rights.ts';
import type { Sessions, SignIn } from '#gateway/sign-in/sessions.ts';
import type { Users } from '#gateway/users.ts';
import type { RevocationList } from '#platform/hop/revocation.ts';
import { type Reason, Refusal, refusalFrom } from '#protocol/codes.ts';

const NOW = 1_800_000_000_000;
const SIGN_IN: SignIn = {
  ...{ id: 'id', municipality: '131016', user: 'tanaka', thumbprint: 'thumbprint' },
  ...{ factors: ['mtls', 'otp'], lastSignIn: null, signedInAt: NOW, endsAt: NOW + 900_000 },
  basis: { factor: 'totp', which: '1', passwordSetAt: null },
  carries: false,
  limits: { idleSeconds: 900, overallSeconds: 43_200 },
};
const PEER = {
  ...{ kind: 'user' as const, municipality: '131016', name: 'tanaka' },
  ...{ thumbprint: 'thumbprint', serial: 'AB', notAfter: NOW + 86_400_000 },
};

/** What may be wrong, gravest first. */
const WRONGS = [
  'REVOCATION_UNKNOWN',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_EXPIRED',
  'USER_DISABLED',
  'FACTOR_GONE',
  'SESSION_IDLE',
  'ENTITLEMENT_MISSING',
] as const satisfies Reason[];

const rightsWith = (...wrong: Reason[]) => new Rights(parts(...wrong));

function parts(...wrong: Reason[]): RightsParts {
  const refuse = (reason: Reason) => {
    if (wrong.includes(reason)) throw new Refusal(reason);
  };
  return {
    users: { requireEnabled: async () => refuse('USER_DISABLED') } as unknown as Users,
    authenticators: { requireHeld: async () => refuse('FACTOR_GONE') },
    sessions: {
      async check() {
        refuse('SESSION_IDLE');
        return SIGN_IN;
      },
    } as unknown as Sessions,
    entitlements: { require: async () => refuse('ENTITLEMENT_MISSING') } as unknown as Entitlements,
    revocations: () =>
      ({
        isCurrent: () => !wrong.includes('REVOCATION_UNKNOWN'),
        isRevoked: (serial: string) => serial === 'AB' && wrong.includes('CERTIFICATE_REVOKED'),
      }) as unknown as RevocationList,
    now: () => (wrong.includes('CERTIFICATE_EXPIRED') ? PEER.notAfter : NOW),
  };
}

const check = (rights: Rights, peer = PEER) =>
  rights.check({ peer, signIn: SIGN_IN, desktop: '131016/soumu/notepad' }).catch((error) => refusalFrom(error).reason);

describe('the rights of a user at a desktop', () => {
  it('hold until the first limit', async () => {
    expect(await check(rightsWith())).toBe(SIGN_IN.endsAt);
    expect(await check(rightsWith(), { ...PEER, notAfter: NOW + 1_000 })).toBe(NOW + 1_000);
  });

  it.for(WRONGS)('end with %s', async (reason) => {
    expect(await check(rightsWith(reason))).toBe(reason);
  });

  it('are neither there nor gone while no list can be read', async () => {
    const rights = new Rights({ ...parts(), revocations: () => null });
    expect(await check(rights)).toBe('REVOCATION_UNREADABLE');
  });

  it('are none for a sign-in by a recovery code, whatever its user is entitled to', async () => {
    const signIn = { ...SIGN_IN, basis: { factor: 'recovery' as const, which: 'recovery', passwordSetAt: null } };
    const checked = rightsWith().check({ peer: PEER, signIn, desktop: '131016/soumu/notepad' });
    expect(await checked.catch((error) => refusalFrom(error).code)).toBe('FACTORS_ONLY');
  });

  it('end with the gravest reason when several are there', async () => {
    for (const [i, reason] of WRONGS.entries()) expect(await check(rightsWith(...WRONGS.slice(i)))).toBe(reason);
  });

  it.for<[Reason, string]>([
    ['SESSION_IDLE', 'IDLE'],
    ['SESSION_TOO_OLD', 'TIME_LIMIT'],
    ['SESSION_MISSING', 'ENDED'],
    ['ENDED_BY_USER', 'ENDED'],
    ['ENDED_BY_ADMINISTRATOR', 'RIGHTS_ENDED'],
    ['FACTOR_GONE', 'RIGHTS_ENDED'],
    ['USER_DISABLED', 'RIGHTS_ENDED'],
    ['ENTITLEMENT_MISSING', 'RIGHTS_ENDED'],
    ['CERTIFICATE_REVOKED', 'CERTIFICATE_ENDED'],
    ['CERTIFICATE_EXPIRED', 'CERTIFICATE_ENDED'],
    ['REVOCATION_UNKNOWN', 'RIGHTS_UNCONFIRMED'],
  ])('a running session that ends with %s is told %s', ([reason, code]) => {
    expect(endOfRights(new Refusal(reason)).code).toBe(code);
  });
});
