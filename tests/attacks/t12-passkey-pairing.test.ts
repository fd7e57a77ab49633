// T12: taking over the pairing of a passkey. A new credential signs nothing (attestation "none"), so what vouches for it is
// the pairing code under Finished; and what the agent takes from it must be one well-formed ES256 credential of its own page.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Bytes, concat } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { parsePairingCode } from '#protocol/inner/pairing-code.ts';
import { type Attestation, passkeyChallenge, verifyAttestation } from '#protocol/inner/passkey.ts';
import type { PasskeyProver } from '#protocol/inner/proof.ts';
import { decodeProofElement, encodeProofElement, ProofKind } from '#protocol/inner/proof-element.ts';
import { HEADER_BYTES } from '#protocol/limits.ts';
import { bothEnds, DESKTOP, USER } from '#tests/support/both-ends.ts';
import { deviceKey, pairedOf, recordsOf, type Settings, shakeHands } from '#tests/support/end-to-end.ts';
import { assert, type Passkey, PINS, softPasskey } from '#tests/support/passkey.ts';
import { endOf } from '#web/core/ends.ts';

const CODE = parsePairingCode('7XK2-9QDM-4RVB-0HTZ');
const PAIRING: Partial<Settings> = {
  mode: 'pair',
  clientPsk: CODE,
  agentPsk: CODE,
  pin: 'pairing',
  paired: [],
  webauthn: PINS,
};
const pairs = (prover: PasskeyProver, more: Partial<Settings> = {}) => shakeHands({ ...PAIRING, prover, ...more });

const SIGNED = new Uint8Array(107).fill(0x20);
const challenge = await passkeyChallenge(nodeCipher, SIGNED);

/** What the agent says to this credential, made for its challenge and changed by whoever made it. */
async function judged(passkey: Partial<Passkey>, change: (made: Attestation) => Partial<Attestation> = () => ({})) {
  const made = await softPasskey(passkey).create(challenge, USER);
  const element = decodeProofElement(
    encodeProofElement({ kind: ProofKind.newPasskey, ...made, ...change(made) }),
    'pair',
  );
  if (element.kind !== ProofKind.newPasskey) throw new Error(`kind ${element.kind}`);
  return verifyAttestation(nodeCipher, PINS, element, SIGNED);
}

describe('taking over the pairing of a passkey', () => {
  it('is possible for whoever has the code and nobody else (positive control)', async () => {
    await pairs(softPasskey());
    const guess = { clientPsk: nodeCipher.random(10) };
    await expect(pairs(softPasskey(), guess)).rejects.toThrow('RECORD_FORGED');
  });

  it('asks the person for nothing before the agent has proven the code', async () => {
    const victim = softPasskey();
    await expect(pairs(victim, { clientPsk: nodeCipher.random(10) })).rejects.toThrow('RECORD_FORGED');
    expect(victim.given.attestations).toEqual([]);
  });

  it('is not possible by changing the credential as it passes: each bit of it is sealed', async () => {
    const victim = softPasskey();
    const { length } = (await recordsOf({ ...PAIRING, prover: victim })).proof;
    for (let at = HEADER_BYTES; at < length; at += 13) {
      const path: Settings['path'] = (step, record) => {
        if (step === 'proof') record[at] = (record[at] as number) ^ 0x20;
        return record;
      };
      await expect(pairs(victim, { path })).rejects.toThrow('RECORD_FORGED');
    }
  });

  it.each<[string, Partial<Passkey>, string]>([
    ['made on a page of another origin', { origin: 'https://telework.example.com' }, 'origin'],
    ['made in a frame of somebody else', { crossOrigin: true }, 'cross origin'],
    ['of another rpId', { rpId: 'example.jp' }, 'rpId'],
    ['made without the user verified', { userVerified: false }, 'user verified'],
    ['made without the user present', { userPresent: false }, 'user present'],
    ['that says backed up and cannot be', { backedUp: true }, 'backed up, and not eligible'],
  ])('is not possible with one %s', async (_, lie, detail) => {
    await expect(pairs(softPasskey(lie))).rejects.toThrow(`PROOF_PASSKEY_WRONG: ${detail}`);
  });

  it('is not possible with one from another pairing, nor with an assertion: type and challenge are looked at', async () => {
    const earlier = softPasskey();
    await pairs(earlier);
    const [recorded] = earlier.given.attestations;
    await expect(pairs({ ...earlier, create: async () => recorded as Attestation })).rejects.toThrow(
      'PROOF_PASSKEY_WRONG: challenge',
    );
    await expect(judged({}, () => assert(earlier.passkey, challenge))).rejects.toThrow('PROOF_PASSKEY_WRONG: type');
  });

  it('is not possible in open mode: a new credential is no proof there', async () => {
    const made = softPasskey();
    const attest = await made.create(new Uint8Array(32), USER);
    const { passkey } = made;
    const asAssertion = { ...attest, credentialId: passkey.credentialId, signature: new Uint8Array(8) };
    const prover: PasskeyProver = { ...made, get: async () => asAssertion };
    await expect(shakeHands({ prover, paired: [pairedOf(deviceKey)], webauthn: PINS })).rejects.toThrow(
      'PROOF_CREDENTIAL_UNKNOWN',
    );
  });

  it('is not possible where the agent’s configuration has no rpId and origins', async () => {
    await expect(pairs(softPasskey(), { webauthn: null })).rejects.toThrow('PROOF_PASSKEY_UNSUPPORTED');
  });
});

describe('a new credential that is none', () => {
  type Change = (good: Buffer) => Buffer | Uint8Array;
  const data = (change: Change) => (made: Attestation) => ({
    authenticatorData: new Uint8Array(change(Buffer.from(made.authenticatorData))),
  });
  const at = (good: Buffer, offset: number, ...bytes: number[]): Buffer => {
    Buffer.from(bytes).copy(good, offset);
    return good;
  };
  /** rpIdHash, flags, counter, AAGUID */
  const ID = 32 + 1 + 4 + 16;
  const KEY = ID + 2 + 32;
  const FLAGS = 32;
  const withExtensions = (map: string) => (good: Buffer) =>
    Buffer.concat([at(good, FLAGS, 0xc5), Buffer.from(map, 'hex')]);

  it.each<[string, Change]>([
    ['of no bytes', () => Buffer.alloc(0)],
    ['cut short', (good) => good.subarray(0, -1)],
    ['with a byte behind it', (good) => Buffer.concat([good, Buffer.of(0)])],
    ['above the largest size', (good) => Buffer.concat([good, Buffer.alloc(1_536)])],
    ['with an id of 15 bytes', (good) => Buffer.concat([at(good, ID, 0, 15).subarray(0, ID + 17), good.subarray(KEY)])],
    ['with an id of 65535 bytes', (good) => at(good, ID, 0xff, 0xff)],
    ['with a key of another algorithm', (good) => at(good, KEY + 4, 0x27)],
    ['with a key of another curve', (good) => at(good, KEY + 6, 0x02)],
    ['with a key of another kind', (good) => at(good, KEY + 2, 0x01)],
    ['with a key of more members', (good) => at(good, KEY, 0xa6)],
    ['with a key of endless length', (good) => at(good, KEY, 0xbf)],
    ['with a short coordinate', (good) => at(good, KEY + 9, 0x1f)],
    ['that says extensions and has none', (good) => at(good, FLAGS, 0xc5)],
    ['with extensions that are no map', withExtensions('80')],
    ['with extensions that claim 2^32 members', withExtensions('baffffffff')],
    ['with extensions that claim 2^64 members', withExtensions('bbffffffffffffffff')],
    ['with extensions that never end', withExtensions('bf6161f5ff')],
    ['with text of 2^31 bytes', withExtensions('a17a7fffffff')],
    ['with an array in an array in an array …', withExtensions(`a16161${'81'.repeat(300)}00`)],
    ['with a tag', withExtensions('a16161c000')],
    ['with a tag of nothing', withExtensions('a16161c0')],
    ['with a float', withExtensions('a16161fb3ff0000000000000')],
    ['with two maps', withExtensions('a0a0')],
  ])('%s is refused as malformed', async (_, change) => {
    await expect(judged({}, data(change))).rejects.toThrow('MALFORMED');
  });

  it('without a credential is refused', async () => {
    const bare = data((good) => at(good.subarray(0, 37), FLAGS, 0x05));
    await expect(judged({}, bare)).rejects.toThrow('PROOF_PASSKEY_WRONG: no new credential');
  });

  it('but with extensions that some authenticators add is one', async () => {
    for (const map of ['a0', 'a16b6372656450726f7465637402', 'a26161f5616283820102a1416100f6']) {
      await pairs(softPasskey({ extensions: Buffer.from(map, 'hex') }));
    }
  });

  it('but with members of the client data that some browsers add is one', async () => {
    await pairs(softPasskey({ crossOrigin: undefined, more: { other_keys_can_be_added_here: 'do not compare' } }));
  });

  it.each<[string, string]>([
    ['of no bytes', ''],
    ['that is no JSON', '{"type":"webauthn.create"'],
    ['that is an array', '[]'],
    ['that is null', 'null'],
    ['whose type is a number', '{"type":1,"challenge":"","origin":""}'],
    ['without an origin', '{"type":"webauthn.create","challenge":""}'],
    ['whose crossOrigin is a text', '{"type":"webauthn.create","challenge":"","origin":"","crossOrigin":"no"}'],
    ['above the largest size', ' '.repeat(1_025)],
  ])('client data %s is refused as malformed', async (_, json) => {
    const clientDataJson: Bytes = new TextEncoder().encode(json);
    await expect(judged({}, () => ({ clientDataJson }))).rejects.toThrow('MALFORMED');
  });

  it('client data that is not UTF-8 is refused as malformed', async () => {
    const broken = ({ clientDataJson }: Attestation) => ({
      clientDataJson: concat(clientDataJson, Uint8Array.of(0xff)),
    });
    await expect(judged({}, broken)).rejects.toThrow('MALFORMED');
  });

  it('with a point that is not on the curve can be paired by who has the code, and proves nothing ever', async () => {
    const ends = await bothEnds();
    const bent = data((good) => at(good, KEY + 10, ...Buffer.alloc(32, 0xff)));
    const honest = softPasskey();
    const prover: PasskeyProver = {
      ...honest,
      async create(challenge, user) {
        const made = await honest.create(challenge, user);
        return { ...made, ...bent(made) };
      },
    };
    const { code } = await ends.pairings.issue(USER, DESKTOP, false);
    const pinned = await ends.pair(code, { prover });
    expect(await ends.open({ prover }, pinned).catch(endOf)).toEqual({
      code: 'PASSKEY_PROOF_REFUSED',
      authentic: true,
    });
  });

  it('that belongs to somebody else’s key can be paired by who has the code, and is of no use to them', async () => {
    const ends = await bothEnds();
    const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const claimed = softPasskey({ key: theirs });
    const { code } = await ends.pairings.issue(USER, DESKTOP, false);
    const pinned = await ends.pair(code, { prover: claimed });
    const own = softPasskey({ credentialId: claimed.passkey.credentialId });
    expect(await ends.open({ prover: own }, pinned).catch(endOf)).toMatchObject({ code: 'PASSKEY_PROOF_REFUSED' });
    expect(ends.audit.of('session-started')).toEqual([]);
  });
});
