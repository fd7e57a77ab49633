// T10: a clipboard, a file, a printer or a sound cannot be expressed. The message types of each direction are a closed set,
// found here by trying all 256, and the product has no code that touches a clipboard.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Refusal } from '#protocol/codes.ts';
import { decodeControl, decodeInput, encodeControl, encodeInput } from '#protocol/inner/profile.ts';
import { Lane } from '#protocol/lanes.ts';
import { CONTROL_PLAINTEXT_BYTES, INPUT_PLAINTEXT_BYTES } from '#protocol/limits.ts';
import { LANE_RULES } from '#protocol/outer/lanes.ts';
import { AgentMessages } from '#rfb/agent-messages.ts';
import { update } from '#tests/support/rfb-bytes.ts';

const EVERY_TYPE = Array.from({ length: 256 }, (_, type) => type);
const SERVER_CUT_TEXT = 3;
const CLIENT_CUT_TEXT = 6;

const reasonOf = (work: () => unknown): string => {
  try {
    work();
    return 'understood';
  } catch (error) {
    return error instanceof Refusal ? error.reason : String(error);
  }
};

/** The first byte that a decoder does not know ends everything as MESSAGE_UNKNOWN, whatever follows. */
const knownTypes = (length: number, decode: (bytes: Uint8Array) => unknown) =>
  EVERY_TYPE.filter((type) => {
    const bytes = new Uint8Array(length);
    bytes[0] = type;
    return reasonOf(() => decode(bytes)) !== 'MESSAGE_UNKNOWN';
  });

const nothing = () => {};
const handler = {
  tight: nothing,
  sized: nothing,
  cursor: nothing,
  announced: nothing,
  updated: nothing,
  bell: nothing,
};

describe('the messages of a session (T10)', () => {
  it('inwards on the input lane are KeyEvent, PointerEvent and the QEMU extended key', () => {
    expect(knownTypes(INPUT_PLAINTEXT_BYTES, decodeInput)).toEqual([4, 5, 255]);
  });

  it('inwards on the control lane are refresh, desktop size and key-update', () => {
    expect(knownTypes(CONTROL_PLAINTEXT_BYTES, decodeControl)).toEqual([3, 240, 251]);
  });

  it('outwards are FramebufferUpdate and Bell', async () => {
    const known: number[] = [];
    for (const type of EVERY_TYPE) {
      const messages = new AgentMessages({ width: 8, height: 8 }, handler);
      await messages.push(Uint8Array.of(type)).then(
        () => known.push(type),
        (error) => expect(error).toMatchObject({ reason: 'MESSAGE_UNKNOWN' }),
      );
    }
    expect(known).toEqual([0, 2]);
    expect(known).not.toContain(SERVER_CUT_TEXT);
  });

  it('outwards in an update are five kinds of rectangles, none of them a clipboard', async () => {
    // Pseudo-encodings are negative or above 2^30; the assigned ones all lie in these ranges.
    const candidates = [...Array.from({ length: 2_000 }, (_, i) => i - 1_000), 0x574d5664, 0x574d5665, 0x574d5666];
    const known: number[] = [];
    for (const encoding of [...candidates, -1063131698 /* extended clipboard */]) {
      const messages = new AgentMessages({ width: 8, height: 8 }, handler);
      const head = [0, 0, 0, 0, 0, 0, 0, 0, (encoding >>> 24) & 255, (encoding >>> 16) & 255, (encoding >>> 8) & 255];
      const bytes = update([...head, encoding & 255]);
      const reason = await messages.push(bytes).then(
        () => 'understood',
        (error) => error.reason,
      );
      if (reason !== 'MESSAGE_UNKNOWN') known.push(encoding);
    }
    expect(known).toEqual([-316, -308, -258, 7, 0x574d5664]);
  });

  it('has six lanes and no seventh', () => {
    expect(Object.keys(Lane)).toEqual(['handshake', 'frame', 'input', 'control', 'ack', 'close']);
    for (const rules of Object.values(LANE_RULES)) {
      for (const lane of Object.keys(rules)) expect(Object.values(Lane)).toContain(Number(lane));
    }
  });

  it('has no room for a text beside a message: what follows one must be zero', () => {
    for (const [bytes, decode] of [
      [encodeInput({ type: 'key', down: true, keysym: 0x61 }), decodeInput],
      [encodeInput({ type: 'pointer', buttons: 0, x: 1, y: 1 }), decodeInput],
      [encodeControl({ type: 'refresh' }), decodeControl],
      [encodeControl({ type: 'key-update' }), decodeControl],
    ] as const) {
      const smuggled = bytes.slice();
      smuggled[smuggled.length - 1] = 0x41;
      expect(reasonOf(() => decode(smuggled))).toBe('MALFORMED');
    }
  });

  it('refuses ClientCutText on both inward lanes', () => {
    for (const [length, decode] of [
      [INPUT_PLAINTEXT_BYTES, decodeInput],
      [CONTROL_PLAINTEXT_BYTES, decodeControl],
    ] as const) {
      const bytes = new Uint8Array(length);
      bytes.set([CLIENT_CUT_TEXT, 0, 0, 0, 0, 0, 0, 5]);
      expect(reasonOf(() => decode(bytes))).toBe('MESSAGE_UNKNOWN');
    }
  });
});

describe('the product', () => {
  const root = join(import.meta.dirname, '../..');
  const folders = ['protocol', 'platform', 'rfb', 'gateway', 'broker', 'agent', 'web', 'client-sim', 'admin'];
  const sources = execFileSync('git', ['ls-files', '--', ...folders], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const);
  const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
  const FORBIDDEN =
    /clipboard|cutText|execCommand|DataTransfer|showSaveFilePicker|getUserMedia|xclip|xsel|\bprint\(\)/i;

  it('has no code that touches a clipboard, a file transfer, a printer or a microphone', () => {
    const found = sources.filter(([, text]) => FORBIDDEN.test(withoutComments(text))).map(([path]) => path);
    // These must know the length of ServerCutText and ClientCutText to skip them unread; the last forbids it to the browser.
    const against = ['rfb/desktop-messages.ts', 'web/core/rfb-client-messages.ts', 'gateway/doors/page-headers.ts'];
    expect(found.filter((path) => !against.includes(path))).toEqual([]);
  });

  it('would be caught if it had (positive control)', () => {
    expect(FORBIDDEN.test('navigator.clipboard.readText()')).toBe(true);
    expect(sources.length).toBeGreaterThan(100);
  });
});
