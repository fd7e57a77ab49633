import { describe, expect, it } from 'vitest';
import { recordingCipher } from '#evidence/secrecy/recording-cipher.ts';
import { toHex, utf8 } from '#protocol/bytes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { shakeHands } from '#tests/support/end-to-end.ts';

describe('the recording cipher', () => {
  it('seals and opens as the bare one does, and knows key, nonces and plaintext afterwards', async () => {
    const recording = recordingCipher(nodeCipher);
    const seen: string[] = [];
    recording.onPlaintext = (direction, plaintext) => void seen.push(`${direction} ${toHex(plaintext)}`);
    const key = nodeCipher.random(32);
    const [aad, header, plaintext] = [utf8('aad'), utf8('header'), utf8('plain')];
    const aead = await recording.cipher.aead(key);
    const bare = await nodeCipher.aead(key);
    const record = await aead.seal(3, aad, plaintext, header);
    expect(record).toEqual(await bare.seal(3, aad, plaintext, header));
    expect(await aead.open(3, aad, record.subarray(header.length))).toEqual(plaintext);
    await expect(async () => aead.open(4, aad, record.subarray(header.length))).rejects.toThrow('RECORD_FORGED');
    expect(recording.keys).toEqual([{ key, sealed: [3], opened: [3] }]);
    expect(seen).toEqual([`sealed ${toHex(plaintext)}`, `opened ${toHex(plaintext)}`]);
  });

  it('knows both shared secrets of a handshake, the same at both ends, and its two keys', async () => {
    const [client, agent] = [recordingCipher(nodeCipher), recordingCipher(nodeCipher)];
    await shakeHands({ client: client.cipher, agent: agent.cipher });
    const hex = (all: readonly Uint8Array[]) => all.map(toHex).toSorted();
    expect(client.shared).toHaveLength(2);
    expect(hex(client.shared)).toEqual(hex(agent.shared));
    expect(hex(client.keys.map(({ key }) => key))).toEqual(hex(agent.keys.map(({ key }) => key)));
    expect(new Set(hex(client.keys.map(({ key }) => key))).size).toBe(2);
  });
});
