import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, concat, toHex } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { parseAuthenticatorData } from '#protocol/inner/authenticator-data.ts';
import { type Cipher, webCipher } from '#protocol/inner/cipher.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { type Assertion, rawSignature, verifyAssertion } from '#protocol/inner/passkey.ts';
import { decodeProofElement, encodeProofElement, ProofKind } from '#protocol/inner/proof-element.ts';
import { HANDSHAKE_RECORD_MAX_BYTES, PROOF_ELEMENT_MAX_BYTES } from '#protocol/limits.ts';
import { recordsOf, type Settings, shakeHands } from '#tests/support/end-to-end.ts';
import { assert, attest, PINS, softPasskey } from '#tests/support/passkey.ts';

const CODE: Bytes = Uint8Array.of(0xb5, 0x4e, 0x91, 0x07, 0xd2, 0x3c, 0x68, 0xf0, 0x1a, 0x8b);
const PAIRING: Partial<Settings> = { mode: 'pair', clientPsk: CODE, agentPsk: CODE, pin: 'pairing', paired: [] };
const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

const ciphers: [string, Cipher][] = [
  ['node', nodeCipher],
  ['web', webCipher],
];

describe.each(ciphers)('a passkey, its proof verified by the %s cipher', (_, cipher) => {
  const SIGNED = new Uint8Array(107).fill(0x20);
  const { passkey } = softPasskey();
  const { publicKey } = parseAuthenticatorData(attest(passkey, new Uint8Array(32)).authenticatorData).credential ?? {};
  const paired = {
    kind: 'passkey',
    credentialId: passkey.credentialId,
    publicKey: publicKey ?? new Uint8Array(0),
    rpId: PINS.rpId,
    backupEligible: false,
  } as const;
  const made = async (): Promise<Assertion> => assert(passkey, await cipher.sha256(SIGNED));
  const judged = (assertion: Assertion) => verifyAssertion(cipher, PINS, paired, assertion, SIGNED);

  it('holds, and tells the counter', async () => {
    expect(await judged(await made())).toEqual({ ...paired, counter: 1, backedUp: false });
  });

  it('does not with any bit of it changed', async () => {
    const good = await made();
    const parts = ['authenticatorData', 'clientDataJson', 'signature'] as const;
    const place = fc
      .constantFrom(...parts)
      .chain((part) => fc.tuple(fc.constant(part), fc.nat(8 * good[part].length - 1)));
    await fc.assert(
      fc.asyncProperty(place, async ([part, bit]) => {
        const bytes = good[part].slice();
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        await expect(judged({ ...good, [part]: bytes })).rejects.toBeInstanceOf(Refusal);
      }),
      { numRuns: RUNS },
    );
  });

  it('does not with a new credential in it, properly signed', async () => {
    const good = await made();
    const flagged = good.authenticatorData.slice();
    flagged[32] = (flagged[32] as number) | 0x40;
    const { authenticatorData } = attest(passkey, new Uint8Array(32));
    const data = concat(flagged, authenticatorData.subarray(37));
    const signature = sign('sha256', concat(data, await cipher.sha256(good.clientDataJson)), passkey.key);
    await expect(judged({ ...good, authenticatorData: data, signature: new Uint8Array(signature) })).rejects.toThrow(
      'PROOF_PASSKEY_WRONG: a new credential in an assertion',
    );
  });

  it('is paired and then opens, in whole handshakes', async () => {
    const prover = softPasskey();
    await shakeHands({ ...PAIRING, agent: cipher, prover, webauthn: PINS });
    const [attestation] = prover.given.attestations;
    const credential = attestation && parseAuthenticatorData(attestation.authenticatorData).credential;
    if (!credential) throw new Error('nothing was made');
    const key = { ...paired, credentialId: credential.id, publicKey: credential.publicKey };
    const opened = await shakeHands({ agent: cipher, prover, paired: [key], webauthn: PINS });
    expect(opened.client.takeTrafficSecrets()).toEqual(opened.agent.takeTrafficSecrets());
  });
});

describe('a proof of the largest parts', () => {
  it('fits its element, and the element a record', () => {
    const element = {
      credentialId: new Uint8Array(1_023),
      authenticatorData: new Uint8Array(1_536),
      clientDataJson: new Uint8Array(1_024),
      signature: new Uint8Array(72),
    };
    const bytes = encodeProofElement({ kind: ProofKind.passkey, ...element });
    expect(bytes.length).toBe(3_664);
    expect(bytes.length).toBeLessThanOrEqual(PROOF_ELEMENT_MAX_BYTES);
    expect(PROOF_ELEMENT_MAX_BYTES + 100).toBeLessThan(HANDSHAKE_RECORD_MAX_BYTES);
    expect(decodeProofElement(bytes, 'open')).toEqual({ kind: ProofKind.passkey, ...element });
  });

  it('is read back as it was written, whatever its parts', () => {
    const part = (min: number, max: number) =>
      fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => new Uint8Array(bytes));
    const assertion = fc.record({
      kind: fc.constant(ProofKind.passkey),
      credentialId: part(16, 64),
      authenticatorData: part(0, 64),
      clientDataJson: part(0, 64),
      signature: part(0, 72),
    });
    fc.assert(
      fc.property(assertion, (one) => {
        expect(decodeProofElement(encodeProofElement(one), 'open')).toEqual(one);
      }),
    );
  });

  it('has one size for every user’s passkey of a kind, and no id in the clear', async () => {
    const [one, two] = [softPasskey(), softPasskey()];
    const records = await recordsOf({ ...PAIRING, prover: one, webauthn: PINS });
    const others = await recordsOf({ ...PAIRING, prover: two, webauthn: PINS });
    expect(records.proof.length).toBe(others.proof.length);
    const wire = Object.values(records).map(toHex).join();
    expect(wire).not.toContain(toHex(one.passkey.credentialId));
  });
});

describe('a signature in DER', () => {
  it('is the same in r ‖ s, for as many as OpenSSL makes', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = createPublicKey(privateKey);
    const data = Buffer.from('data');
    // One of 256 has a short number, every second a zero in front.
    for (let i = 0; i < 600; i++) {
      const raw = rawSignature(new Uint8Array(sign('sha256', data, privateKey)));
      expect(verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true);
    }
  });

  it.each([
    ['of one small number each', '3006020101020102', `${'00'.repeat(31)}01${'00'.repeat(31)}02`],
    ['of a number that needs a zero in front', '300702020080020101', `${'00'.repeat(31)}80${'00'.repeat(31)}01`],
  ])('%s', (_, der, raw) => {
    expect(toHex(rawSignature(new Uint8Array(Buffer.from(der, 'hex'))))).toBe(raw);
  });

  it.each([
    ['nothing', ''],
    ['no sequence', '3106020101020102'],
    ['a length in the long form', '308106020101020102'],
    ['a length too small', '3005020101020102'],
    ['a length too large', '3007020101020102'],
    ['bytes behind it', '300602010102010200'],
    ['three numbers', '3009020101020102020103'],
    ['one number', '3003020101'],
    ['a number of no bytes', '30050200020102'],
    ['a negative number', '3006020180020101'],
    ['zeros that are not needed', '300702020001020101'],
    ['another type in its place', '3006040101020102'],
    ['a number of 33 bytes', `3026022101${'00'.repeat(32)}020101`],
  ])('is refused with %s', (_, der) => {
    expect(() => rawSignature(new Uint8Array(Buffer.from(der, 'hex')))).toThrow('MALFORMED');
  });
});
