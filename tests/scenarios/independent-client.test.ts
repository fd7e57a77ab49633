// A client written from protocol/README.md and docs/api.md alone (tests/support/readme-client/ imports nothing of the
// project) opens a desktop: the documents are enough, and they are true.
import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { contentOf, textAreaOf } from '#agent/desktop/office/layout.ts';
import { windowOf } from '#agent/desktop/office/windows.ts';
import { pairingCode } from '#lab/person.ts';
import { ExpectedOffice } from '#tests/support/expected-office.ts';
import { Gateway } from '#tests/support/readme-client/gateway.ts';
import { shakeHands } from '#tests/support/readme-client/handshake.ts';
import { Session } from '#tests/support/readme-client/session.ts';
import { useSystem } from '#tests/support/system.ts';

const ENDED = 0;
const LETTER_A = 0x61;
/** Fewer than any letter has, and the caret has fewer than 20 letters. */
const LETTER_PIXELS = 15;

describe('a client written from protocol/README.md alone', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  const { privateKey: deviceKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let gateway: Gateway;
  let desktop: string;
  let pin: Buffer;

  const shake = (trust: { pin: Buffer } | { code: string }) =>
    shakeHands(gateway, { user: up.tanaka.user, desktop, deviceKey, trust });

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
});

function differing(one: Buffer | null, other: Buffer | null): number {
  if (!one || !other) return 0;
  let pixels = 0;
  for (let at = 0; at < one.length; at += 3) if (one.compare(other, at, at + 3, at, at + 3) !== 0) pixels++;
  return pixels;
}
