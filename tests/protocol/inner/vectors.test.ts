// The known answers of whole handshakes: file, product and reference must all say the same.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compute, hkdfAgrees, type Inputs, type Outputs } from '#tests/vectors/reference.ts';
import { replay } from '#tests/vectors/scripted.ts';

const read = (name: string): { inputs: Inputs; outputs: Outputs } =>
  JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8'));

const NAMES = ['p256', 'x25519', 'pair', 'passkey', 'pair-passkey'].map((name) => `handshake-${name}`);

describe.each(NAMES)('%s', (name) => {
  const { inputs, outputs } = read(name);

  it('is what the reference computes from the fixed inputs', () => {
    expect(compute(inputs)).toEqual(outputs);
  });

  it('is what both ends reach with the fixed inputs, record by record', async () => {
    const { records, helloDigest, firstInput, firstFrame, keyUpdate, frameAfterKeyUpdate, secrets } = outputs;
    expect(await replay(inputs, outputs.sharedKem)).toEqual({
      records,
      helloDigest,
      exporter: secrets.exporter,
      resumption: secrets.resumption,
      firstInput,
      firstFrame,
      keyUpdate,
      frameAfterKeyUpdate,
    });
  });

  it('has no secret, key or transcript twice', () => {
    const all = [
      ...Object.values(outputs.secrets),
      ...Object.values(outputs.keys),
      ...Object.values(outputs.transcript),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});

it('the reference computes HKDF', () => {
  const [salt, material, info] = [Buffer.alloc(32, 3), Buffer.alloc(64, 5), Buffer.from('info')];
  expect(hkdfAgrees(salt, material, info)).toBe(true);
});
