import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importSPKI } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followGrantKey } from '#gateway/grant-key-file.ts';
import { Grants, makeGrantKey, openGrantKey, readGrantKey } from '#gateway/grants.ts';
import { Journal } from '#gateway/journal.ts';
import { openFactorSeal } from '#gateway/sign-in/factors.ts';
import type { SignIn } from '#gateway/sign-in/sessions.ts';
import { Totp } from '#gateway/sign-in/totp.ts';
import { LOOK_INTERVAL_MS } from '#platform/process/file-state.ts';
import { createLog } from '#platform/process/log.ts';
import { signerOf, verifyGrant, verifyLease } from '#protocol/outer/grant.ts';
import { type MemoryAudit, memoryAudit } from '#tests/support/broker.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'telework-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the grant key', () => {
  it('is made at the first start, 0600, with its public half beside it, and read again later', async () => {
    const path = join(folder, 'grant.pem');
    const first = await openGrantKey(path);
    expect(first.made).toBe(join(folder, 'grant.pub.pem'));
    expect([modeOf(path), modeOf(join(folder, 'grant.pub.pem'))]).toEqual([0o600, 0o644]);
    const again = await openGrantKey(path);
    expect(again).toMatchObject({ made: null, key: { kid: first.key.kid } });
  });

  it.for([
    ['no key at all', 'hello'],
    ['an empty file', ''],
    ['a public key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
  ])('is refused in one line: %s', async ([, text]) => {
    const path = join(folder, 'grant.pem');
    writeFileSync(path, text ?? '', { mode: 0o600 });
    await expect(openGrantKey(path)).rejects.toThrow(`${path}: not an ES256 private key (PKCS#8 PEM, P-256)`);
  });

  it('is refused when others may read it', async () => {
    const path = join(folder, 'grant.pem');
    await openGrantKey(path);
    chmodSync(path, 0o640);
    await expect(openGrantKey(path)).rejects.toThrow('chmod 600');
  });

  it('signs grants and leases that its public half verifies, each as what it is', async () => {
    const path = join(folder, 'grant.pem');
    const { key } = await openGrantKey(path);
    const pins = [
      { kid: key.kid, key: await importSPKI(readFileSync(join(folder, 'grant.pub.pem'), 'utf8'), 'ES256') },
    ];
    const clock = clockAt();
    const grants = new Grants(key, clock.now);
    const signIn: SignIn = {
      ...TANAKA,
      ...{
        id: 'id',
        thumbprint: 'A'.repeat(43),
        factors: ['mtls', 'otp'],
        lastSignIn: null,
        signedInAt: clock.now(),
        endsAt: 0,
      },
      basis: { factor: 'totp', which: '1', passwordSetAt: null },
      carries: false,
      limits: { idleSeconds: 900, overallSeconds: 43_200 },
    };
    const opening = {
      ...{ session: 'a'.repeat(32), desktop: '131016/soumu/notepad', mode: 'open' as const },
      hello: 'B'.repeat(43),
    };
    const grant = await grants.grant(signIn, opening);
    expect(await verifyGrant(pins, grant, clock.now())).toMatchObject({
      ...{ aud: opening.desktop, sub: 'tanaka', municipality: '131016', amr: ['mtls', 'otp'], epoch: 0, mode: 'open' },
      cnf: { 'x5t#S256': 'A'.repeat(43) },
      ...{ session: opening.session, hello: opening.hello, policy: { idleSeconds: 900, overallSeconds: 43_200 } },
    });
    clock.pass(43_000_500);
    expect(grants.policy(signIn), 'what is left since the sign-in').toEqual({ idleSeconds: 900, overallSeconds: 199 });
    clock.pass(-43_000_500);
    const lease = await grants.lease(opening.session, 'C'.repeat(22));
    expect(await verifyLease(pins, lease, clock.now())).toMatchObject({ session: opening.session, epoch: 0 });
    await expect(verifyLease(pins, grant, clock.now())).rejects.toThrow('GRANT_MALFORMED');
    await expect(verifyGrant(pins, lease, clock.now())).rejects.toThrow('GRANT_MALFORMED');
    const other = await grants.grant(signIn, opening);
    expect((await verifyGrant(pins, other, clock.now())).jti).not.toBe(
      (await verifyGrant(pins, grant, clock.now())).jti,
    );
  });
});

describe('another grant key in the place of the first', () => {
  let audit: MemoryAudit;
  let lines: string[];
  let path: string;
  let grants: Grants;
  let stop: () => void;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    audit = memoryAudit();
    lines = [];
    const log = createLog('gateway', { write: (line) => void lines.push(line) });
    path = join(folder, 'grant.pem');
    grants = new Grants((await openGrantKey(path)).key, clockAt().now);
    makeGrantKey(join(folder, 'next.pem'));
    const { now } = clockAt();
    stop = followGrantKey(path, grants, new Journal(audit, log, now, now));
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });
  const looks = () => vi.advanceTimersByTime(2 * LOOK_INTERVAL_MS);
  const signerOfLease = async () => signerOf(await grants.lease('a'.repeat(32), 'C'.repeat(22)));

  it('signs from then on, and is written down', async () => {
    const { kid } = await readGrantKey(join(folder, 'next.pem'));
    const before = grants.signer;
    renameSync(join(folder, 'next.pem'), path);
    looks();
    await vi.waitFor(() => expect(audit.events).toEqual([{ event: 'grant-key-changed', kid, before }]));
    expect(await signerOfLease()).toBe(kid);
  });

  it.each<[string, () => void, string]>([
    ['is gone', () => rmSync(path), 'ENOENT'],
    ['is no key', () => writeFileSync(path, 'no key'), 'not an ES256 private key'],
    ['may be read by others', () => chmodSync(path, 0o644), 'chmod 600'],
  ])('that %s changes nothing', async (_, damage, said) => {
    const before = grants.signer;
    damage();
    looks();
    await vi.waitFor(() => expect(lines.join('')).toContain(said));
    expect([audit.events, await signerOfLease()]).toEqual([[], before]);
  });
});

describe('the factor key', () => {
  it('is made at the first start, 0600, and opens what it sealed after a restart', async () => {
    const clock = clockAt();
    const { store } = openTestStore(clock);
    const path = join(folder, 'factor.key');
    const first = await openFactorSeal(path, store);
    expect([first.made, modeOf(path)]).toEqual([true, 0o600]);
    const sealed = first.seal.seal('totp', TANAKA, Buffer.from('secret'));
    const again = await openFactorSeal(path, store);
    expect(again.made).toBe(false);
    expect(Buffer.from(again.seal.open('totp', TANAKA, sealed)).toString()).toBe('secret');
  });

  it('is never replaced by a new one while the state holds factors', async () => {
    const clock = clockAt();
    const { store } = openTestStore(clock);
    const path = join(folder, 'factor.key');
    const { seal } = await openFactorSeal(path, store);
    await new Totp(store, seal, clock.now).enrol(TANAKA);
    rmSync(path);
    await expect(openFactorSeal(path, store)).rejects.toThrow('the factor key is missing');
  });

  it('may be given as hex or base64 of 32 bytes, and nothing else', async () => {
    const { store } = openTestStore(clockAt());
    const path = join(folder, 'factor.key');
    for (const text of ['ab'.repeat(32), Buffer.alloc(32, 9).toString('base64')]) {
      writeFileSync(path, `${text}\n`, { mode: 0o600 });
      expect((await openFactorSeal(path, store)).made).toBe(false);
    }
    for (const text of ['', 'ab'.repeat(31), 'password', Buffer.alloc(31).toString('base64')]) {
      writeFileSync(path, text, { mode: 0o600 });
      await expect(openFactorSeal(path, store)).rejects.toThrow('expected 32 bytes as hex or base64');
    }
  });
});
