// Made the handshake vectors, once. Private keys, nonces and seeds are SHA-256 of public text, so that nobody mistakes
// them for keys; the signatures are ECDSA with a random k, so running this again gives other, equally good files.
import { createECDH, createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { Bytes } from '#protocol/bytes.ts';
import { softPasskey } from '#tests/support/passkey.ts';
import { compute, type Inputs } from './reference.ts';
import { replay, type Signer } from './scripted.ts';

const PASSKEY = 'passkey';
const fixed = (name: string): Buffer => createHash('sha256').update(`telework vector: ${name}`).digest();

function privateKey(name: string): KeyObject {
  return createPrivateKey({ key: fixed(name), format: 'raw-private', asymmetricKeyType: 'ec', namedCurve: 'P-256' });
}

function publicKeyOf(name: string): string {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(fixed(name));
  return curve.getPublicKey('hex');
}

function signer(name: string): { publicKey: string; sign: Signer } {
  const key = privateKey(name);
  return {
    publicKey: publicKeyOf(name),
    sign: async (data) => new Uint8Array(sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })),
  };
}

/** Writes the file if there is none. */
async function make(file: string, suite: number, mode: number, psk: string | null, key = 'device key'): Promise<void> {
  const url = new URL(file, import.meta.url);
  if (existsSync(url)) return;
  const [agent, device] = [signer('agent key'), signer(key)];
  const kemSeed = Buffer.concat([fixed('ML-KEM d'), fixed('ML-KEM z')]);
  const { publicKey } = ml_kem768.keygen(kemSeed);
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, fixed('ML-KEM m'));
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const inputs: Inputs = {
    suite,
    mode,
    psk,
    session: hex(fixed('session')).slice(0, 32),
    epoch: 0,
    municipality: '131016',
    desktop: '131016/office/desk-1',
    grant: 'aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl',
    user: 'tanaka',
    client: { nonce: hex(fixed('client nonce')), ecdhPrivate: hex(fixed('client ECDH')), kemSeed: hex(kemSeed) },
    agent: {
      nonce: hex(fixed('agent nonce')),
      ecdhPrivate: hex(fixed('agent ECDH')),
      ciphertext: hex(cipherText),
      publicKey: agent.publicKey,
      signature: '',
    },
    device: { publicKey: device.publicKey, signature: '' },
    ready: { width: 1280, height: 800, idleSeconds: 900, overallSeconds: 43_200, inputPerSecond: 100 },
  };
  const keep = (of: { signature: string }, by: Signer) => async (data: Bytes) => {
    const signature = await by(data);
    of.signature = hex(signature);
    return signature;
  };
  const credentialId = new Uint8Array(fixed('credential id'));
  const passkey = key === PASSKEY ? softPasskey({ key: privateKey(key), credentialId }) : null;
  if (passkey) inputs.passkey = { credentialId: hex(credentialId), authenticatorData: '', clientData: '' };
  await replay(inputs, hex(sharedSecret), {
    agent: keep(inputs.agent, agent.sign),
    device: keep(inputs.device, device.sign),
    passkey,
  });
  const [said] = [...(passkey?.given.attestations ?? []), ...(passkey?.given.assertions ?? [])];
  if (said && inputs.passkey) {
    inputs.passkey.authenticatorData = hex(said.authenticatorData);
    inputs.passkey.clientData = hex(said.clientDataJson);
    if ('signature' in said) inputs.device.signature = hex(said.signature);
  }
  const vector = { inputs, outputs: compute(inputs) };
  writeFileSync(url, `${JSON.stringify(vector, null, 2)}\n`);
}

const pairingCode = fixed('pairing code').toString('hex').slice(0, 20);
await make('handshake-p256.json', 1, 0, null);
await make('handshake-x25519.json', 2, 0, null);
await make('handshake-pair.json', 1, 1, pairingCode);
await make('handshake-passkey.json', 1, 0, null, PASSKEY);
await make('handshake-pair-passkey.json', 1, 1, pairingCode, PASSKEY);
