// The product's own handshake, with every random value and private key taken from a vector.
import { createPrivateKey } from 'node:crypto';
import { type Bytes, fromHex, toHex } from '#protocol/bytes.ts';
import { Channel } from '#protocol/inner/channel.ts';
import type { Cipher, SigningKey } from '#protocol/inner/cipher.ts';
import { ecdhPair, kemPair, nodeCipher } from '#protocol/inner/cipher-node.ts';
import type { Mode } from '#protocol/inner/handshake.ts';
import type { WebAuthnPins } from '#protocol/inner/passkey.ts';
import { encodeInput } from '#protocol/inner/profile.ts';
import type { PairedKey, PasskeyProver } from '#protocol/inner/proof.ts';
import type { Suite } from '#protocol/inner/suites.ts';
import { Lane } from '#protocol/lanes.ts';
import { shakeHands } from '#tests/support/end-to-end.ts';
import type { Inputs, Outputs } from './reference.ts';

const bytes = (hex: string): Bytes => fromHex(hex, hex.length / 2);

interface Script {
  nonce: string;
  ecdhPrivate: string;
  kemSeed?: string;
  /** With the secret it carries, which only its maker and the decapsulation know. */
  encapsulated?: { ciphertext: string; secret: string };
}

function scripted(script: Script): Cipher {
  return {
    ...nodeCipher,
    random: () => bytes(script.nonce),
    async ecdh(curve) {
      const key = Buffer.from(script.ecdhPrivate, 'hex');
      return ecdhPair(
        curve,
        curve === 'P-256'
          ? createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve: 'P-256' })
          : createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'x25519' }),
      );
    },
    async kem() {
      const key = Buffer.from(script.kemSeed ?? '', 'hex');
      return kemPair(createPrivateKey({ key, format: 'raw-seed', asymmetricKeyType: 'ml-kem-768' }));
    },
    async encapsulate() {
      const { ciphertext, secret } = script.encapsulated ?? { ciphertext: '', secret: '' };
      return { ciphertext: bytes(ciphertext), secret: bytes(secret) };
    },
  };
}

/** Signs with a real key, or says the signature that a vector has. */
export type Signer = (data: Bytes) => Promise<Bytes>;

export const VECTOR_PINS: WebAuthnPins = { rpId: 'telework.example.jp', origins: ['https://telework.example.jp'] };

function saidPasskey({ device, passkey }: Inputs): PasskeyProver | null {
  if (!passkey) return null;
  const said = { authenticatorData: bytes(passkey.authenticatorData), clientDataJson: bytes(passkey.clientData) };
  const [credentialId, signature] = [bytes(passkey.credentialId), bytes(device.signature)];
  return {
    kind: 'passkey',
    create: async () => said,
    get: async () => ({ ...said, credentialId, signature }),
  };
}

function pairedOf({ device, passkey }: Inputs): PairedKey {
  const publicKey = bytes(device.publicKey);
  if (!passkey) return { kind: 'device-key', publicKey };
  const credentialId = bytes(passkey.credentialId);
  const { rpId } = VECTOR_PINS;
  return { kind: 'passkey', publicKey, credentialId, rpId, backupEligible: false };
}

const fixedKey = (publicKey: string, sign: Signer): SigningKey => ({ publicKey: bytes(publicKey), sign });

/** What the product reaches, without the secrets it keeps to itself. */
export type Reached = Pick<
  Outputs,
  'helloDigest' | 'records' | 'firstInput' | 'firstFrame' | 'keyUpdate' | 'frameAfterKeyUpdate'
> & { exporter: string; resumption: string };

/**
 * @param sharedKem the secret in the vector's ciphertext, for the agent's side; the client decapsulates it
 * @param signers in place of the vector's signatures, when it is made
 */
export async function replay(
  inputs: Inputs,
  sharedKem: string,
  signers: { agent: Signer; device: Signer; passkey: PasskeyProver | null } = {
    agent: async () => bytes(inputs.agent.signature),
    device: async () => bytes(inputs.device.signature),
    passkey: saidPasskey(inputs),
  },
): Promise<Reached> {
  const encapsulated = { ciphertext: inputs.agent.ciphertext, secret: sharedKem };
  const client = scripted(inputs.client);
  const agent = scripted({ ...inputs.agent, encapsulated });
  const { session, epoch, municipality, desktop, grant, psk } = inputs;
  const mode: Mode = inputs.mode === 1 ? 'pair' : 'open';
  const code = psk === null ? undefined : bytes(psk);
  const records: Record<string, string> = {};
  const ends = await shakeHands({
    client,
    agent,
    suite: inputs.suite as Suite,
    mode,
    clientPsk: code,
    agentPsk: code,
    pin: mode === 'pair' ? 'pairing' : bytes(inputs.agent.publicKey),
    parameters: { session, epoch, municipality, desktop, grant, lastReceived: 0 },
    agentKey: fixedKey(inputs.agent.publicKey, signers.agent),
    deviceKey: fixedKey(inputs.device.publicKey, signers.device),
    prover: signers.passkey,
    paired: [pairedOf(inputs)],
    webauthn: VECTOR_PINS,
    user: inputs.user,
    expectedUser: inputs.user,
    path(step, record) {
      records[step] = toHex(record);
      return record;
    },
  });

  const sent: string[] = [];
  const options = { output: (record: Bytes) => sent.push(toHex(record)), now: () => 0 };
  // Two records a generation: a frame, then the key-update
  const outward = new Channel(agent, ends.agent, { ...options, generation: { records: 2, ms: 3_600_000 } });
  const inward = new Channel(client, ends.client, options);
  inward.send(Lane.input, encodeInput({ type: 'key', down: true, keysym: 0x61 }));
  outward.send(Lane.frame, new Uint8Array(4));
  outward.send(Lane.frame, Uint8Array.of(2));
  const [firstInput = '', firstFrame = '', keyUpdate = '', frameAfterKeyUpdate = ''] = sent;
  return {
    helloDigest: toHex(ends.digest),
    exporter: toHex(ends.client.session.exporter),
    resumption: toHex(ends.client.session.resumption),
    records: records as Outputs['records'],
    firstInput,
    firstFrame,
    keyUpdate,
    frameAfterKeyUpdate,
  };
}
