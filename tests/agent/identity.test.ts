import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fingerprint, openIdentity } from '#agent/identity.ts';
import { Failure } from '#platform/process/exit.ts';

const folder = mkdtempSync(join(tmpdir(), 'telework-identity-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the agent's own key", () => {
  it('is made once, for its owner alone, and read again', () => {
    const path = join(folder, 'agent-key.pem');
    const made = openIdentity(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(openIdentity(path).publicKey).toEqual(made.publicKey);
    expect(fingerprint(made.publicKey)).toMatch(/^([0-9a-f]{8} ){7}[0-9a-f]{8}$/);
  });

  it('is refused when others may read it (T16)', () => {
    const path = join(folder, 'open.pem');
    openIdentity(path);
    chmodSync(path, 0o640);
    expect(() => openIdentity(path)).toThrow(
      new Failure(`${path}: others than its owner may use this key; chmod 600 it`),
    );
  });

  it('is refused in one line when it is something else, and left as it is', () => {
    const path = join(folder, 'text.pem');
    writeFileSync(path, 'no key', { mode: 0o600 });
    expect(() => openIdentity(path)).toThrow(new Failure(`${path}: not a private key in PEM`));
    expect(() => openIdentity(join(folder, 'missing', 'key.pem'))).toThrow(/cannot be made \(ENOENT\)$/);
  });
});
