// A client written from protocol/README.md and docs/api.md alone (tests/support/readme-client/ imports nothing of the
// project) opens a desktop: the documents are enough, and they are true.
import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { contentOf, textAreaOf } from '#agent/desktop/office/layout.ts';
import { windowOf } from '#agent/desktop/office/windows.ts';
import { pairingCode } from '#lab/person.ts';
import { mustRun } from '#lab/process.ts';
import { audited } from '#tests/support/audited.ts';
import { ExpectedOffice } from '#tests/support/expected-office.ts';
import { Gateway } from '#tests/support/readme-client/gateway.ts';
import { shakeHands } from '#tests/support/readme-client/handshake.ts';
import { byDeviceKey, byPasskey } from '#tests/support/readme-client/proof.ts';
import { Session } from '#tests/support/readme-client/session.ts';
import { useSystem } from '#tests/support/system.ts';
import { idle } from '#tests/support/watched-system.ts';

const ENDED = 0;
const PASSKEY_REQUIRED = 35;
const PASSKEY_PROOF_REFUSED = 36;
const LETTER_A = 0x61;
/** Fewer than any letter has, and the caret has fewer than 20 letters. */
const LETTER_PIXELS = 15;

describe('a client written from protocol/README.md alone', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const device = byDeviceKey(newKey());
  let gateway: Gateway;
  let desktop: string;
  let pin: Buffer;

  const shake = (trust: { pin: Buffer } | { code: string }, prove = device) =>
    shakeHands(gateway, { user: up.tanaka.user, desktop, prove, trust });
  const agent = (...command: string[]) =>
    mustRun('agent/command.ts', [...command, '--socket', up.system.sockets.agent], undefined);

  beforeAll(async () => {
    desktop = up.system.desktops[0] as string;
    gateway = await Gateway.signIn({ ...up.tanaka, gateway: up.system.gateway });
  });

  it('pairs with the code, and learns the agent key by it', async () => {
    const code = await pairingCode(up.system, up.tanaka, desktop);
    const { agentKey, ready, messages } = await shake({ code: String(code) });
    expect(ready).toMatchObject({ width: 0, height: 0 });
    pin = Buffer.from(agentKey);
    await expect(messages.next()).rejects.toThrow(`closed with ${4000 + ENDED}`);
  });

  it('opens the desktop, sees all of it, types and sees the letters', async () => {
    const established = await shake({ pin });
    const { overallSeconds, ...rest } = established.ready;
    expect(rest).toMatchObject({ idleSeconds: 900, inputPerSecond: 100 });
    // What is left since the sign-in.
    expect(43_200 - overallSeconds).toBeLessThan(600);
    expect(overallSeconds).toBeLessThanOrEqual(43_200);
    const session = new Session(established);
    expect(await session.read((picture) => picture.complete)).toBeNull();

    const { picture } = session;
    const { windows } = new ExpectedOffice('pc-01', picture.width, picture.height).state;
    const notepad = textAreaOf(contentOf(windowOf(windows, 'notepad')));
    await session.read(() => picture.exactly(notepad) !== null);
    const before = picture.exactly(notepad);

    for (let i = 0; i < 20; i++) session.type(LETTER_A);
    const changed = () => differing(before, picture.exactly(notepad));
    expect(await session.read(() => changed() > 20 * LETTER_PIXELS)).toBeNull();

    session.close();
    expect(await session.read(() => false)).toBe(ENDED);
  });

  it('refuses an agent that is not the one it pinned', async () => {
    const other = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]);
    await expect(shake({ pin: other })).rejects.toThrow('another agent');
  });

  it('pairs a passkey beside the device key, opens by it, and by the device key no more', async () => {
    const passkey = byPasskey(newKey(), 'localhost', up.system.gateway);
    const issued = await agent('pair', '--user', up.tanaka.user, '--add', '--json');
    const { messages } = await shake({ code: JSON.parse(issued).code }, passkey);
    await expect(messages.next()).rejects.toThrow(`closed with ${4000 + ENDED}`);
    const listed = (await agent('pair', '--list')).trim().split('\n');
    expect(listed).toHaveLength(2);
    expect(listed.join()).toMatch(/端末の鍵 \/ device key/);
    expect(listed.join()).toMatch(/パスキー \/ passkey \(localhost\)/);

    const session = new Session(await shake({ pin }, passkey));
    expect(await session.read((picture) => picture.complete)).toBeNull();
    session.close();
    expect(await session.read(() => false)).toBe(ENDED);

    await idle(up.system);
    await expect(shake({ pin })).rejects.toThrow(`refused: 0600${PASSKEY_REQUIRED.toString(16)}`);
    await audited(up.system, 'agent', 'handshake-refused', { reason: 'PROOF_NEEDS_PASSKEY' });
    await audited(up.system, 'agent', 'user-verified', { mode: 'open', proof: 'passkey' });

    const elsewhere = byPasskey(newKey(), 'localhost', 'https://localhost:1');
    const other = await agent('pair', '--user', up.tanaka.user, '--json');
    await expect(shake({ code: JSON.parse(other).code }, elsewhere)).rejects.toThrow(
      `refused: 0600${PASSKEY_PROOF_REFUSED.toString(16)}`,
    );
    expect(await agent('pair', '--revoke', '--user', up.tanaka.user)).toMatch(/revoked: 2/);
    await expect(shake({ pin }, passkey)).rejects.toThrow('refused: 06000e');
  });
});

function differing(one: Buffer | null, other: Buffer | null): number {
  if (!one || !other) return 0;
  let pixels = 0;
  for (let at = 0; at < one.length; at += 3) if (one.compare(other, at, at + 3, at, at + 3) !== 0) pixels++;
  return pixels;
}
