// What the agent's unit tests share: a clock that is set by hand, a store in a file of its own, an audit that remembers.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { Home } from '#agent/home.ts';
import type { Audit } from '#platform/audit/chain.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import { toBase64Url } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { type GrantClaims, type GrantKey, signGrant } from '#protocol/outer/grant.ts';
import { produce } from '#tests/support/produced-events.ts';

export const DESKTOP = '131016/soumu/pc-01';
export const SESSION = '0123456789abcdef0123456789abcdef';

export function clockAt(ms: number): { ms: number; now(): number } {
  const clock = { ms, now: () => clock.ms };
  return clock;
}

export function storeIn(clock: { now(): number }) {
  return openSqliteStore(join(mkdtempSync(join(tmpdir(), 'tw-agent-')), 'agent.db'), { now: () => clock.now() });
}

export function rememberingAudit(): Audit & { events: [string, Record<string, unknown>][]; healthy: boolean } {
  const events: [string, Record<string, unknown>][] = [];
  return {
    events,
    healthy: true,
    record(event, fields) {
      produce(event, fields);
      events.push([event, { ...fields }]);
    },
    checkpoint: () => {},
    anchor: () => {},
    close: () => {},
  };
}

/** Of desktops that nobody attaches. */
export function homeWith(pins: readonly GrantKey[], desktops: readonly string[] = [DESKTOP]): Home {
  const open = () => Promise.reject(new Error('not to be attached'));
  return new Home('131016', { desktops: new Map(desktops.map((id) => [id, open])), pins });
}

export interface KeyPair {
  signer: GrantKey;
  pin: GrantKey;
}

export async function grantKey(kid = 'k1'): Promise<KeyPair> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  await exportJWK(pair.publicKey);
  return { signer: { kid, key: pair.privateKey }, pin: { kid, key: pair.publicKey } };
}

type Claims = Omit<GrantClaims, 'iss' | 'iat' | 'exp'>;

/** A grant that passes, with the given claims changed. */
export function grantFor(signer: GrantKey, nowMs: number, changed: Partial<Claims> = {}): Promise<string> {
  const claims: Claims = {
    aud: DESKTOP,
    sub: 'tanaka',
    municipality: '131016',
    cnf: { 'x5t#S256': toBase64Url(nodeCipher.random(32)) },
    amr: ['mtls', 'otp'],
    session: SESSION,
    epoch: 0,
    mode: 'open',
    policy: { idleSeconds: 900, overallSeconds: 43_200 },
    hello: toBase64Url(nodeCipher.random(32)),
    jti: toBase64Url(nodeCipher.random(16)),
    ...changed,
  };
  return signGrant(signer, claims, nowMs);
}
