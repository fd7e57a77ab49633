import { afterEach, expect, it, vi } from 'vitest';
import { passkeyProver } from '#web/app/browser/passkey-prover.ts';

afterEach(() => vi.unstubAllGlobals());

it('names no rpId, least of all one that a gateway could choose: the browser takes the page’s own host (T04)', async () => {
  const asked: (CredentialCreationOptions & CredentialRequestOptions)[] = [];
  const note = (options: CredentialCreationOptions & CredentialRequestOptions) => {
    asked.push(options);
    return Promise.reject(new Error('enough'));
  };
  vi.stubGlobal('navigator', { credentials: { create: note, get: note } });
  const prover = passkeyProver('pc-01', new AbortController().signal);
  await expect(prover.create(new Uint8Array(32), 'tanaka')).rejects.toThrow('enough');
  await expect(prover.get(new Uint8Array(32), [new Uint8Array(16)])).rejects.toThrow('enough');
  expect(asked.map(({ publicKey }) => publicKey)).toEqual([
    expect.objectContaining({ rp: { name: 'pc-01' } }),
    expect.not.objectContaining({ rpId: expect.anything() }),
  ]);
});
