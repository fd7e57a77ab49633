// T14: malformed input to a parser of the wire. Whatever arrives, a parser gives a value or a Refusal, never another
// error, never a crash, and memory stays where it was.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, concat } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { readHeader } from '#protocol/header.ts';
import { parseAuthenticatorData } from '#protocol/inner/authenticator-data.ts';
import { readHello } from '#protocol/inner/handshake.ts';
import { decodeAnswer, decodeHello, decodeIdentity, decodeProof, decodeVerdict } from '#protocol/inner/messages.ts';
import { parsePairingCode } from '#protocol/inner/pairing-code.ts';
import { rawSignature, readClientData } from '#protocol/inner/passkey.ts';
import { decodeControl, decodeInput, encodeControl, encodeInput } from '#protocol/inner/profile.ts';
import { decodeProofElement, encodeProofElement } from '#protocol/inner/proof-element.ts';
import { Suite } from '#protocol/inner/suites.ts';
import { Direction } from '#protocol/lanes.ts';
import { BURST_SECONDS, HEADER_BYTES } from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { verifyGrant, verifyLease } from '#protocol/outer/grant.ts';
import { parseFromAgent, parseFromGateway, parseToAgent, parseToGateway } from '#protocol/outer/link.ts';
import { parsePairedMessage, parseSessionMessage, parseTicketMessage } from '#protocol/outer/ticket.ts';
import { openChannels, recordsOf } from '#tests/support/end-to-end.ts';
import { liveMemory } from '#tests/support/live-memory.ts';
import { assert, attest, softPasskey } from '#tests/support/passkey.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 400);
const shaken = await recordsOf();
const body = (record: Bytes): Bytes => record.slice(HEADER_BYTES);
const proofElement = Uint8Array.of(1, ...new Uint8Array(64));
/** {"credProtect": 2, "a": [true, {"b": h'00'}]} */
const EXTENSIONS = Uint8Array.from(Buffer.from('a26b6372656450726f74656374026161' + '82f5a1616241' + '00', 'hex'));
const { passkey } = softPasskey({ extensions: EXTENSIONS });
const [attestation, assertion] = [attest(passkey, new Uint8Array(32)), assert(passkey, new Uint8Array(32))];

/** Good messages, so that mutations reach beyond the first field. */
const binary: { name: string; parse(bytes: Bytes): unknown; good: Bytes }[] = [
  { name: 'readHeader', parse: readHeader, good: shaken.hello },
  { name: 'readHello', parse: readHello, good: shaken.hello },
  { name: 'decodeHello', parse: decodeHello, good: body(shaken.hello) },
  { name: 'decodeAnswer', parse: (bytes) => decodeAnswer(bytes, Suite.p256), good: body(shaken.answer) },
  { name: 'decodeIdentity', parse: decodeIdentity, good: concat(Uint8Array.of(3), new Uint8Array(161)) },
  {
    name: 'decodeProof',
    parse: decodeProof,
    good: concat(Uint8Array.of(4, 0, 1, 0x61, 0, 65), proofElement, new Uint8Array(32)),
  },
  ...[proofElement, encodeProofElement({ kind: 2, ...assertion })].map((good) => ({
    name: `decodeProofElement, kind ${good[0]}`,
    parse: (bytes: Bytes) => decodeProofElement(bytes, 'open'),
    good,
  })),
  {
    name: 'decodeProofElement, kind 4',
    parse: (bytes) => decodeProofElement(bytes, 'pair'),
    good: encodeProofElement({ kind: 4, ...attestation }),
  },
  { name: 'parseAuthenticatorData', parse: parseAuthenticatorData, good: attestation.authenticatorData },
  { name: 'readClientData', parse: readClientData, good: assertion.clientDataJson },
  { name: 'rawSignature', parse: rawSignature, good: assertion.signature },
  { name: 'decodeVerdict', parse: decodeVerdict, good: Uint8Array.of(6, 0, 22) },
  { name: 'decodeInput', parse: decodeInput, good: encodeInput({ type: 'pointer', buttons: 0x81, x: 1, y: 2 }) },
  { name: 'decodeControl', parse: decodeControl, good: encodeControl({ type: 'desktop-size', width: 1, height: 1 }) },
  {
    name: 'LaneGate',
    parse: (bytes) => new LaneGate(Direction.inward, BURST_SECONDS).admit(bytes, 0),
    good: shaken.hello,
  },
];

const textual: { name: string; parse(text: string): unknown; good: string }[] = [
  { name: 'parseFromAgent', parse: parseFromAgent, good: '{"type":"presence","desktops":["131016/office/a"]}' },
  { name: 'parseToAgent', parse: parseToAgent, good: `{"type":"offer","session":"${'0'.repeat(32)}","grant":"a"}` },
  {
    name: 'parseFromGateway',
    parse: parseFromGateway,
    good: `{"type":"lease","session":"${'0'.repeat(32)}","lease":"a"}`,
  },
  { name: 'parseToGateway', parse: parseToGateway, good: '{"type":"presence","agent":"131016/office","desktops":[]}' },
  { name: 'parseTicketMessage', parse: parseTicketMessage, good: `{"type":"ticket","ticket":"${'A'.repeat(43)}"}` },
  { name: 'parseSessionMessage', parse: parseSessionMessage, good: `{"type":"session","session":"${'0'.repeat(32)}"}` },
  { name: 'parsePairedMessage', parse: parsePairedMessage, good: `{"type":"paired","session":"${'0'.repeat(32)}"}` },
  { name: 'parsePairingCode', parse: parsePairingCode, good: '0123-4567-89AB-CDEF' },
];

/** A value or a Refusal; anything else is a fault of ours. */
function survives(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect(error.message.length).toBeLessThan(300);
  }
}

/** Noise, a good message with bytes changed, cut short, or with something behind it. */
const mutated = (good: Bytes): fc.Arbitrary<Bytes> => {
  const at = fc.nat(Math.max(good.length - 1, 0));
  const changes = fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 4 });
  return fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    changes.map((list) => {
      const bytes = good.slice();
      for (const [where, value] of list) bytes[where] = value;
      return bytes;
    }),
    at.map((length) => good.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => concat(good, more)),
  ) as fc.Arbitrary<Bytes>;
};

const mutatedText = (good: string): fc.Arbitrary<string> => {
  const at = fc.nat(good.length - 1);
  return fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.json(),
    fc.tuple(at, fc.string({ maxLength: 3 })).map(([where, put]) => good.slice(0, where) + put + good.slice(where + 1)),
    at.map((length) => good.slice(0, length)),
  );
};

describe('a parser of bytes', () => {
  it.each(binary)('$name takes the good message, and survives every other', ({ parse, good }) => {
    expect(() => parse(good)).not.toThrow();
    fc.assert(
      fc.property(mutated(good), (bytes) => survives(() => parse(bytes))),
      { numRuns: RUNS },
    );
  });
});

describe('a parser of text', () => {
  it.each(textual)('$name takes the good message, and survives every other', ({ parse, good }) => {
    expect(() => parse(good)).not.toThrow();
    fc.assert(
      fc.property(mutatedText(good), (text) => survives(() => parse(text))),
      { numRuns: RUNS },
    );
  });

  it('of grants and leases survives noise', async () => {
    const noise = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.base64String(), { maxLength: 4 }).map((a) => a.join('.')),
    );
    const property = fc.asyncProperty(noise, async (jws) => {
      for (const verify of [verifyGrant, verifyLease]) {
        await expect(verify([], jws, 0)).rejects.toBeInstanceOf(Refusal);
      }
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});

it('a channel survives whatever comes, and delivers nothing of it', async () => {
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.boolean(), async (noise, shaped) => {
    const { client } = await openChannels();
    // Half of them with a true header, so that they reach the seal
    if (shaped) noise.set(Uint8Array.of(1, 2, 0, 0, 0, 0, 0, 3).subarray(0, noise.length));
    await expect(client.receive(noise)).rejects.toBeInstanceOf(Refusal);
  });
  await fc.assert(property, { numRuns: 60 });
});

it('memory stays flat over many hostile messages', async () => {
  const lying = [
    concat(Uint8Array.of(1, 1, 1, 0), new Uint8Array(20), new Uint8Array(60_000).fill(0xff)),
    new Uint8Array(16 * 1024).fill(0xff),
    concat(shaken.hello, new Uint8Array(8_000)),
  ];
  const long = '['.repeat(100_000);
  const once = () => {
    for (const { parse } of binary) for (const bytes of lying) survives(() => parse(bytes));
    for (const { parse } of textual) survives(() => parse(long));
  };
  for (let i = 0; i < 200; i++) once();
  const before = await liveMemory();
  for (let i = 0; i < 1_500; i++) once();
  expect((await liveMemory()) - before).toBeLessThan(4 * 1024 * 1024);
});
