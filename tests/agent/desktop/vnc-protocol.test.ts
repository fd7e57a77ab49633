// Against a server that says exactly what the test wants.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Desktop } from '#agent/desktop/desktop.ts';
import type { LockConfig } from '#agent/desktop/lock.ts';
import { openVnc } from '#agent/desktop/vnc.ts';
import { JIS_KEYS } from '#protocol/inner/jis-keyboard.ts';
import { Recorder } from '#tests/support/recorder.ts';
import { type ScriptedVnc, startScriptedVnc } from '#tests/support/scripted-vnc.ts';

const hexOf = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const VERSION = { 3: hexOf('RFB 003.003\n'), 7: hexOf('RFB 003.007\n'), 8: hexOf('RFB 003.008\n') };
/** 2 × 2, some pixel format, the name "x". */
const SERVER_INIT = `0002 0002 ${'00'.repeat(16)} 00000001 78`;
const SET_PIXEL_FORMAT = '00000000 20180001 00ff 00ff 00ff 00 08 10 000000';
const SET_ENCODINGS = '02000009 00000001 00000000 fffffecc ffffff21 ffffff20 fffffefe fffffec4 574d5664 ffffff11';
const ENCODINGS_WITHOUT_POINTER = '02000007 00000001 00000000 fffffecc ffffff21 ffffff20 fffffefe fffffec4';
const WHOLE_REQUEST = '03 00 0000 0000 0002 0002';
const NEXT_REQUEST = '03 01 0000 0000 0002 0002';
/** One Raw rectangle of the whole: red, green / blue, white; the fourth byte is rubbish. */
const WHOLE_PICTURE = '00 00 0001 0000 0000 0002 0002 00000000 ff000011 00ff0022 0000ff33 ffffff44';
const PIXELS = Buffer.from('ff0000ff 00ff00ff 0000ffff ffffffff'.replaceAll(' ', ''), 'hex');

let server: ScriptedVnc;
let attached: Desktop | null = null;
beforeEach(async () => {
  server = await startScriptedVnc();
});
afterEach(async () => {
  attached?.close();
  attached = null;
  await server.close();
});

/** RFB 3.8 without a password, up to the first picture. `extras` are rectangles of one update before it. */
async function attach(
  count = '0000',
  extras = '',
  lock: LockConfig = 'none',
): Promise<{ desktop: Desktop; seen: Recorder }> {
  const seen = new Recorder();
  server.say(VERSION[8], '0101', '00000000', SERVER_INIT);
  const opening = openVnc({ address: server.address, lock }, seen);
  await server.expect(`${VERSION[8]} 01 01 ${SET_PIXEL_FORMAT} ${SET_ENCODINGS} ${WHOLE_REQUEST}`);
  if (extras) {
    server.say(`00 00 ${count} ${extras}`);
    await server.expect(NEXT_REQUEST);
  }
  server.say(WHOLE_PICTURE);
  attached = await opening;
  await server.expect(NEXT_REQUEST);
  return { desktop: attached, seen };
}

describe('the greeting of a VNC desktop', () => {
  it.for([
    ['3.8 without a password', `${VERSION[8]} 0101 00000000`, `${VERSION[8]} 01 01`],
    ['3.8 without a password, offered second', `${VERSION[8]} 02 1001 00000000`, `${VERSION[8]} 01 01`],
    ['3.7 without a password, which has no result', `${VERSION[7]} 01 01`, `${VERSION[7]} 01 01`],
    ['3.3, where the server decides', `${VERSION[3]} 00000001`, `${VERSION[3]} 01`],
    ['a version between, as 3.3', `${hexOf('RFB 003.005\n')} 00000001`, `${VERSION[3]} 01`],
    ['a later version, as 3.8', `${hexOf('RFB 005.000\n')} 0101 00000000`, `${VERSION[8]} 01 01`],
    ['a vendor version, as 3.8', `${hexOf('RFB 003.889\n')} 0101 00000000`, `${VERSION[8]} 01 01`],
  ] as const)('knows %s', async ([, says, answers]) => {
    server.say(says, SERVER_INIT, WHOLE_PICTURE);
    attached = await openVnc({ address: server.address, lock: 'none' }, new Recorder());
    await server.expect(`${answers} ${SET_PIXEL_FORMAT}`);
    expect(Buffer.compare(attached.screen.pixels, PIXELS)).toBe(0);
  });

  it('answers the challenge by the password, cut to eight bytes', async () => {
    const passwordFile = join(server.address.slice('unix:'.length), '..', 'password');
    writeFileSync(passwordFile, 'password-of-desk\n', { mode: 0o600 });
    const challenge = '000102030405060708090a0b0c0d0e0f';
    server.say(VERSION[8], '0102', challenge, '00000000', SERVER_INIT, WHOLE_PICTURE);
    attached = await openVnc({ address: server.address, lock: 'none', passwordFile }, new Recorder());
    // openssl enc -des-ecb -nopad -K 0e86ceceeef64e26 (each byte of "password" mirrored), OpenSSL 3 legacy provider
    await server.expect(`${VERSION[8]} 02 b866924125c8eebb9debc1db61c538e2 01`);
  });

  it.for([
    ['something else than RFB', hexOf('SSH-2.0-Open\n')],
    ['no security type', `${VERSION[8]} 00 00000003 6e6f70`],
    ['only security types we lack', `${VERSION[8]} 02 1013`],
    ['that it wants a password, where none is configured', `${VERSION[8]} 02 0210 ${'00'.repeat(16)}`],
    ['a failed result', `${VERSION[8]} 0101 00000001`],
    ['a name of four gigabytes', `${VERSION[8]} 0101 00000000 0002 0002 ${'00'.repeat(16)} ffffffff`],
    ['a screen without an area', `${VERSION[8]} 0101 00000000 0000 0002 ${'00'.repeat(16)} 00000000`],
    ['a screen of four gigapixels', `${VERSION[8]} 0101 00000000 ffff ffff ${'00'.repeat(16)} 00000000`],
    ['an unknown message first', `${VERSION[8]} 0101 00000000 ${SERVER_INIT} 77`],
  ] as const)('refuses a server that says %s', async ([, says]) => {
    server.say(says);
    await expect(openVnc({ address: server.address, lock: 'none' }, new Recorder())).rejects.toMatchObject({
      reason: 'DESKTOP_UNREACHABLE',
    });
  });

  it('refuses a server that hangs up at any byte of the greeting', async () => {
    const greeting = `${VERSION[8]}010100000000${SERVER_INIT.replaceAll(' ', '')}`;
    for (let bytes = 0; bytes < greeting.length / 2; bytes++) {
      const short = await startScriptedVnc();
      short.say(greeting.slice(0, 2 * bytes));
      short.hangUp();
      await expect(openVnc({ address: short.address, lock: 'none' }, new Recorder())).rejects.toMatchObject({
        reason: 'DESKTOP_UNREACHABLE',
      });
      await short.close();
    }
  });

  it('refuses whatever else a server may say, and says no more than one reason', async () => {
    const prefix = fc.constantFrom(
      '',
      VERSION[3],
      VERSION[7],
      VERSION[8],
      `${VERSION[8]}0101`,
      `${VERSION[8]}010100000000`,
    );
    await fc.assert(
      fc.asyncProperty(prefix, fc.uint8Array({ maxLength: 80 }), async (start, noise) => {
        const noisy = await startScriptedVnc();
        noisy.say(start, Buffer.from(noise).toString('hex'));
        noisy.hangUp();
        await expect(openVnc({ address: noisy.address, lock: 'none' }, new Recorder())).rejects.toMatchObject({
          reason: 'DESKTOP_UNREACHABLE',
        });
        await noisy.close();
      }),
      { numRuns: 60 },
    );
  });

  it.for([
    ['the greeting', ''],
    ['the first picture', `${VERSION[8]} 0101 00000000 ${SERVER_INIT}`],
  ] as const)('waits for %s no longer than its limit', async ([, says]) => {
    server.say(says);
    const opening = openVnc({ address: server.address, lock: 'none', openingMaxMs: 60 }, new Recorder());
    await expect(opening).rejects.toMatchObject({ reason: 'DESKTOP_UNREACHABLE' });
  });

  it('refuses a socket that is not there', async () => {
    await expect(openVnc({ address: 'unix:/nowhere/vnc.sock', lock: 'none' }, new Recorder())).rejects.toMatchObject({
      reason: 'DESKTOP_UNREACHABLE',
    });
  });
});

describe('a VNC desktop', () => {
  it('reports damage rectangle by rectangle, rows joined, after the pixels are there', async () => {
    const { desktop, seen } = await attach();
    server.say(
      '00 00 0002',
      '0001 0000 0001 0002 00000000 010203ff 040506ff',
      '0000 0000 0001 0001 00000001 0001 0001',
    );
    await server.expect(NEXT_REQUEST);
    expect(seen.damages).toEqual([
      { x: 1, y: 0, width: 1, height: 2 },
      { x: 0, y: 0, width: 1, height: 1 },
    ]);
    const expected = '040506ff 010203ff 0000ffff 040506ff'.replaceAll(' ', '');
    expect(Buffer.from(desktop.screen.pixels).toString('hex')).toBe(expected);
  });

  it('drops clipboard, colour maps and fences unread and asks for nothing more', async () => {
    const { seen } = await attach();
    server.say(
      '03 000000 00000005',
      hexOf('hello'),
      '01 00 0000 0002',
      '00'.repeat(12),
      '02',
      '03 000000 fffffffb 0000000000',
    );
    await expect.poll(() => seen.bells).toBe(1);
    server.say(`f8 000000 00000000 02 aabb`, '02');
    await expect.poll(() => seen.bells).toBe(2);
    expect([server.received().length, seen.refusals]).toEqual([0, []]);
  });

  it('takes a new size with a new screen and asks for all of it', async () => {
    const { desktop, seen } = await attach();
    const before = desktop.screen;
    server.say('00 00 0001 0000 0000 0003 0001 ffffff21');
    await server.expect('03 00 0000 0000 0003 0001');
    expect(seen.screens).toEqual([desktop.screen]);
    expect([desktop.screen.width, desktop.screen.height]).toEqual([3, 1]);
    expect(desktop.screen.pixels.buffer).not.toBe(before.pixels.buffer);
    expect([...desktop.screen.pixels]).toEqual([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]);
  });

  it('never asks a server for a size that has not said it can be asked', async () => {
    const { desktop } = await attach();
    expect(await desktop.resize(4, 4)).toBe(false);
    expect(server.received().length).toBe(0);
  });

  it('says whether a size was granted', async () => {
    const screens = '01 000000 00000000 0000 0000 0002 0002 00000000';
    const { desktop } = await attach('0001', `0000 0000 0002 0002 fffffecc ${screens}`);
    const ask = (size: string) => `fb 00 ${size} 01 00 00000000 0000 0000 ${size} 00000000`;
    const refused = desktop.resize(4, 4);
    await server.expect(ask('0004 0004'));
    expect(await desktop.resize(5, 5)).toBe(false);
    server.say(`00 00 0001 0001 0001 0002 0002 fffffecc ${screens}`);
    expect(await refused).toBe(false);
    await server.expect(NEXT_REQUEST);
    const granted = desktop.resize(4, 4);
    await server.expect(ask('0004 0004'));
    server.say(`00 00 0001 0001 0000 0004 0004 fffffecc ${screens}`);
    expect(await granted).toBe(true);
    expect([desktop.screen.width, desktop.screen.height]).toEqual([4, 4]);
  });

  it('shows a pointer of up to 64 pixels apart and has a larger one drawn into the screen', async () => {
    const { seen } = await attach();
    server.say('00 00 0001 0000 0000 0001 0001 ffffff11 0a0b0c00 80');
    await server.expect(NEXT_REQUEST);
    expect(seen.cursors.at(-1)).toMatchObject({ width: 1, height: 1, rgba: Uint8Array.of(10, 11, 12, 255) });
    server.say('00 00 0001 0000 0000 0041 0001 574d5664 0100', '00'.repeat(65 * 4));
    await server.expect(`${ENCODINGS_WITHOUT_POINTER} ${NEXT_REQUEST}`);
    expect(seen.cursors.at(-1)).toMatchObject({ width: 0, height: 0 });
  });

  it('reports the pointer of the first update once the desktop is open', async () => {
    const { seen } = await attach('0001', '0000 0000 0001 0001 ffffff11 0a0b0c00 80');
    await expect.poll(() => seen.cursors).toHaveLength(1);
  });

  it.for([
    ['an unknown message', '77'],
    ['an unknown encoding', '00 00 0001 0000 0000 0001 0001 00000005'],
    ['a rectangle outside the screen', '00 00 0001 0001 0000 0002 0001 00000000'],
    ['a copy from outside the screen', '00 00 0001 0000 0000 0001 0001 00000001 0002 0000'],
    ['a size beyond the limit', '00 00 0001 0000 0000 ffff ffff ffffff21'],
  ] as const)('is gone after %s', async ([, says]) => {
    const { seen } = await attach();
    server.say(says);
    await expect.poll(() => seen.refusals).toHaveLength(1);
    expect(seen.refusals[0]?.reason).toBe('VNC_GONE');
  });

  it('is gone when its server hangs up, and reports nothing when it is closed', async () => {
    const { seen } = await attach();
    server.hangUp();
    await expect.poll(() => seen.refusals.map(({ reason }) => reason)).toEqual(['VNC_GONE']);
  });

  it('is gone when its server leaves its input unread, so that memory stays bounded', async () => {
    const { desktop, seen } = await attach();
    server.stopReading();
    for (let i = 0; i < 200_000 && seen.refusals.length === 0; i++) {
      desktop.input({ type: 'pointer', buttons: 0, x: i % 2, y: 0 });
    }
    expect(seen.refusals.map(({ reason }) => reason)).toEqual(['VNC_GONE']);
  });
});

describe('input of a VNC desktop', () => {
  const announce = (encoding: string) => attach('0001', `0000 0000 0000 0000 ${encoding}`);
  const SHIFT = JIS_KEYS.ShiftLeft.code;

  it('sends the physical key to a server that understands it, also without a keysym', async () => {
    const { desktop } = await announce('fffffefe');
    desktop.input({ type: 'physical-key', down: true, keysym: 0, code: 0x73 });
    desktop.input({ type: 'physical-key', down: false, keysym: 0, code: 0x73 });
    await server.expect('ff 00 0001 00000000 00000073 ff 00 0000 00000000 00000073');
  });

  it('sends what the key means on a Japanese keyboard to a server that does not', async () => {
    const { desktop } = await attach();
    for (const code of [SHIFT, 0x0d]) desktop.input({ type: 'physical-key', down: true, keysym: 0, code });
    await server.expect('04 01 0000 0000ffe1 04 01 0000 0000007e');
    desktop.input({ type: 'physical-key', down: false, keysym: 0, code: SHIFT });
    desktop.input({ type: 'physical-key', down: false, keysym: 0, code: 0x0d });
    await server.expect('04 00 0000 0000ffe1 04 00 0000 0000007e');
    // A key that Japanese keyboards do not have
    desktop.input({ type: 'physical-key', down: true, keysym: 0, code: 0xfe });
    desktop.input({ type: 'key', down: true, keysym: 0x0100_6f22 });
    await server.expect('04 01 0000 01006f22');
  });

  it('keeps the pointer on the screen and leaves out buttons that the server lacks', async () => {
    const { desktop } = await attach();
    desktop.input({ type: 'pointer', buttons: 0x101, x: 9, y: 1 });
    await server.expect('05 01 0001 0001');
  });

  it('sends all nine buttons to a server that has them', async () => {
    const { desktop } = await announce('fffffec4');
    desktop.input({ type: 'pointer', buttons: 0x181, x: 0, y: 1 });
    await server.expect('05 81 0000 0001 03');
  });

  it('lets go of everything held, once, when told and when closed', async () => {
    const { desktop } = await announce('fffffefe');
    desktop.input({ type: 'physical-key', down: true, keysym: 0xffe1, code: SHIFT });
    desktop.input({ type: 'key', down: true, keysym: 0x61 });
    desktop.input({ type: 'pointer', buttons: 1, x: 1, y: 0 });
    await server.expect('ff 00 0001 0000ffe1 0000002a 04 01 0000 00000061 05 01 0001 0000');
    desktop.releaseAll();
    desktop.releaseAll();
    await server.expect('ff 00 0000 0000ffe1 0000002a 04 00 0000 00000061 05 00 0001 0000');
    desktop.input({ type: 'key', down: true, keysym: 0x62 });
    desktop.close();
    await server.expect('04 01 0000 00000062 04 00 0000 00000062');
    expect(server.received().length).toBe(0);
  });

  it('lets go of everything before it strikes the keys that lock, and stays attached until it is closed', async () => {
    const { desktop } = await attach('0000', '', { keys: 'Super_L+l' });
    desktop.input({ type: 'key', down: true, keysym: 0x61 });
    desktop.input({ type: 'pointer', buttons: 1, x: 1, y: 0 });
    await server.expect('04 01 0000 00000061 05 01 0001 0000');
    await desktop.lock();
    await server.expect('04 00 0000 00000061 05 00 0001 0000');
    await server.expect('04 01 0000 0000ffeb 04 01 0000 0000006c 04 00 0000 0000006c 04 00 0000 0000ffeb');
    desktop.close();
    expect(server.received().length).toBe(0);
  });

  it('cannot be locked by keys once the server is gone, but by a command', async () => {
    const { desktop, seen } = await attach('0000', '', { keys: 'Super_L+l' });
    server.hangUp();
    await expect.poll(() => seen.refusals).toHaveLength(1);
    await expect(desktop.lock()).rejects.toMatchObject({ reason: 'LOCK_FAILED' });
    await server.close();
    server = await startScriptedVnc();
    const other = await attach('0000', '', { command: ['/usr/bin/true'] });
    server.hangUp();
    await expect.poll(() => other.seen.refusals).toHaveLength(1);
    await other.desktop.lock();
  });

  it('holds no more keys than hands can, whatever is pressed', async () => {
    const { desktop } = await attach();
    for (let keysym = 1; keysym <= 1000; keysym++) desktop.input({ type: 'key', down: true, keysym });
    await expect.poll(() => server.received().length).toBe(32 * 8);
  });
});
