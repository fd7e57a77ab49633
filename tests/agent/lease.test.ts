import { beforeEach, describe, expect, it } from 'vitest';
import { Lease } from '#agent/lease.ts';
import type { Refusal } from '#protocol/codes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { LEASE_INTERVAL_MS, LEASE_LIFE_MS } from '#protocol/limits.ts';
import { type GrantKey, signLease } from '#protocol/outer/grant.ts';
import { grantFor, grantKey, type KeyPair, SESSION } from './parts.ts';

const WALL = Date.parse('2026-11-22T00:00:00Z');
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'taken',
    (error) => (error as Refusal).reason,
  );

describe('a lease', () => {
  let keys: KeyPair;
  let lease: Lease;
  let pinned: { pins: GrantKey[] };
  beforeEach(async () => {
    keys = await grantKey();
    pinned = { pins: [keys.pin] };
    lease = new Lease(SESSION, 0, 'k1', 0);
  });
  const signed = (nonce: string, session = SESSION, epoch = 0) =>
    signLease(keys.signer, { session, epoch, nonce }, WALL);
  const answered = (jws: string) => reasonOf(lease.answered(pinned, jws, WALL));

  it('keeps the session until 30 s after the answered nonce was sent, not after the answer came', async () => {
    const jws = await signed(lease.nonce(nodeCipher, 10_000));
    expect(await answered(jws)).toBe('taken');
    expect(lease.expiresAt).toBe(10_000 + LEASE_LIFE_MS);
  });

  it('runs out without any answer', () => {
    expect(lease.expiresAt).toBe(LEASE_LIFE_MS);
  });

  it('cannot be banked: leases held back and dealt out late extend nothing (T03)', async () => {
    const banked = [];
    for (let at = 0; at <= 30_000; at += LEASE_INTERVAL_MS) banked.push(await signed(lease.nonce(nodeCipher, at)));
    for (const jws of banked.reverse()) await answered(jws);
    expect(lease.expiresAt).toBe(30_000 + LEASE_LIFE_MS);
  });

  it('is refused twice, for another session or epoch, for a nonce never sent, and as a grant (T06)', async () => {
    const nonce = lease.nonce(nodeCipher, 1_000);
    expect(await answered(await signed(nonce, 'f'.repeat(32)))).toBe('GRANT_MISMATCH');
    expect(await answered(await signed(nonce, SESSION, 1))).toBe('GRANT_MISMATCH');
    expect(await answered(await signed('A'.repeat(22)))).toBe('GRANT_MISMATCH');
    expect(await answered(await grantFor(keys.signer, WALL))).toBe('GRANT_MALFORMED');
    const jws = await signed(nonce);
    expect(await answered(jws)).toBe('taken');
    expect(await answered(jws)).toBe('GRANT_MISMATCH');
  });

  it('forgets the oldest nonces, so that a silent gateway costs no memory', async () => {
    const first = lease.nonce(nodeCipher, 0);
    for (let i = 1; i < 100; i++) lease.nonce(nodeCipher, i);
    expect(await answered(await signed(first))).toBe('GRANT_MISMATCH');
  });

  describe('at a roll-over of the grant key', () => {
    let next: KeyPair;
    beforeEach(async () => {
      next = await grantKey('k2');
      pinned.pins = [keys.pin, next.pin];
    });
    const signedBy = ({ signer }: KeyPair, nonce: string) =>
      signLease(signer, { session: SESSION, epoch: 0, nonce }, WALL);

    it('carries the session from the key of its grant to the one that signed the newest lease', async () => {
      expect(lease.signer).toBe('k1');
      expect(await answered(await signedBy(next, lease.nonce(nodeCipher, 1_000)))).toBe('taken');
      expect(lease.signer).toBe('k2');
    });

    it('does not go back to the old key by a lease that was held back', async () => {
      const held = await signedBy(keys, lease.nonce(nodeCipher, 1_000));
      await answered(await signedBy(next, lease.nonce(nodeCipher, 2_000)));
      expect(await answered(held)).toBe('taken');
      expect([lease.signer, lease.expiresAt]).toEqual(['k2', 2_000 + LEASE_LIFE_MS]);
    });

    it('is nothing by a key whose pin is taken out while its signature is checked', async () => {
      const checking = answered(await signedBy(next, lease.nonce(nodeCipher, 1_000)));
      pinned.pins = [keys.pin];
      expect(await checking).toBe('GRANT_SIGNATURE');
      expect([lease.signer, lease.expiresAt]).toEqual(['k1', LEASE_LIFE_MS]);
    });
  });
});
