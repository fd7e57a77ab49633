import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, toHex } from '#protocol/bytes.ts';
import {
  type ControlMessage,
  decodeControl,
  decodeInput,
  encodeControl,
  encodeInput,
  type InputEvent,
  PIXEL_FORMAT,
} from '#protocol/inner/profile.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const size = fc.integer({ min: 1, max: 0xffff });
const inputs: fc.Arbitrary<InputEvent> = fc.oneof(
  fc.record({ type: fc.constant('key' as const), down: fc.boolean(), keysym: u32 }),
  fc.record({ type: fc.constant('physical-key' as const), down: fc.boolean(), keysym: u32, code: u32 }),
  fc.record({ type: fc.constant('pointer' as const), buttons: fc.integer({ min: 0, max: 0x1ff }), x: u16, y: u16 }),
);
const controls: fc.Arbitrary<ControlMessage> = fc.oneof(
  fc.constant({ type: 'refresh' as const }),
  fc.constant({ type: 'key-update' as const }),
  fc.record({ type: fc.constant('desktop-size' as const), width: size, height: size }),
);
const bytes = (hex: string, length: number): Bytes => {
  const padded = new Uint8Array(length);
  padded.set(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return padded;
};

describe('input', () => {
  it.each<[string, InputEvent, string]>([
    ['a key by its keysym (RFC 6143 §7.5.4)', { type: 'key', down: true, keysym: 0xff0d }, '04 01 0000 0000ff0d'],
    ['a key let go', { type: 'key', down: false, keysym: 0x61 }, '04 00 0000 00000061'],
    [
      'a physical key: 半角/全角 with an input method on',
      { type: 'physical-key', down: true, keysym: 0, code: 0x29 },
      'ff 00 0001 00000000 00000029',
    ],
    ['a pointer (RFC 6143 §7.5.5)', { type: 'pointer', buttons: 1, x: 0x0102, y: 0x0304 }, '05 01 0102 0304'],
    ['a pointer with the back button', { type: 'pointer', buttons: 0x80, x: 1, y: 2 }, '05 80 0001 0002 01'],
    ['a pointer with all nine', { type: 'pointer', buttons: 0x1ff, x: 0, y: 0xffff }, '05 ff 0000 ffff 03'],
  ])('says %s in the bytes of RFB', (_, event, hex) => {
    expect(toHex(encodeInput(event))).toBe(toHex(bytes(hex, 16)));
    expect(decodeInput(bytes(hex, 16))).toEqual(event);
  });

  it('comes back as it was said, always in 16 bytes', () => {
    const property = fc.property(inputs, (event) => {
      const encoded = encodeInput(event);
      expect(encoded).toHaveLength(16);
      expect(decodeInput(encoded)).toEqual(event);
    });
    fc.assert(property);
  });

  it.each([
    ['another length', '04 01 0000 00000061', 15, 'MALFORMED'],
    ['a clipboard (ClientCutText)', '06 000000 00000001 41', 16, 'MESSAGE_UNKNOWN'],
    ['SetEncodings', '02 00 0001 00000000', 16, 'MESSAGE_UNKNOWN'],
    ['a request of the control lane', '03 00', 16, 'MESSAGE_UNKNOWN'],
    ['another QEMU message (audio)', 'ff 01', 16, 'MESSAGE_UNKNOWN'],
    ['a key neither up nor down', '04 02', 16, 'MALFORMED'],
    ['a physical key neither up nor down', 'ff 00 0100', 16, 'MALFORMED'],
    ['something in the unused field of a key', '04 01 0001', 16, 'MALFORMED'],
    ['a tenth button', '05 80 0000 0000 04', 16, 'MALFORMED'],
    ['padding that is not zero', '04 01 0000 00000061 00000000 000000ff', 16, 'MALFORMED'],
    ['nothing', '', 0, 'MALFORMED'],
  ])('refuses %s', (_, hex, length, reason) => {
    expect(() => decodeInput(bytes(hex, length))).toThrow(reason);
  });
});

describe('control', () => {
  it.each<[ControlMessage, string]>([
    [{ type: 'refresh' }, '03 00 0000 0000 ffff ffff'],
    [{ type: 'desktop-size', width: 1280, height: 800 }, 'fb 00 0500 0320 01 00 00000000 0000 0000 0500 0320 00000000'],
    [{ type: 'key-update' }, 'f0'],
  ])('says $0.type', (message, hex) => {
    expect(toHex(encodeControl(message))).toBe(toHex(bytes(hex, 32)));
    expect(decodeControl(bytes(hex, 32))).toEqual(message);
  });

  it('comes back as it was said, always in 32 bytes', () => {
    const property = fc.property(controls, (message) => {
      const encoded = encodeControl(message);
      expect(encoded).toHaveLength(32);
      expect(decodeControl(encoded)).toEqual(message);
    });
    fc.assert(property);
  });

  it.each([
    ['another length', 'f0', 16, 'MALFORMED'],
    ['an incremental update request', '03 01 0000 0000 ffff ffff', 32, 'MALFORMED'],
    ['a request for a part', '03 00 0000 0001 ffff ffff', 32, 'MALFORMED'],
    ['two screens', 'fb 00 0500 0320 02 00 00000000 0000 0000 0500 0320 00000000', 32, 'MALFORMED'],
    ['a screen that does not fill the whole', 'fb 00 0500 0320 01 00 00000000 0000 0000 0500 0321', 32, 'MALFORMED'],
    ['a screen with flags', 'fb 00 0500 0320 01 00 00000000 0000 0000 0500 0320 00000001', 32, 'MALFORMED'],
    ['a desktop without an area', 'fb 00 0000 0320 01 00 00000000 0000 0000 0000 0320', 32, 'MALFORMED'],
    ['a key', '04 01 0000 00000061', 32, 'MESSAGE_UNKNOWN'],
    ['a file transfer (UltraVNC)', '07', 32, 'MESSAGE_UNKNOWN'],
    ['padding that is not zero', 'f001', 32, 'MALFORMED'],
  ])('refuses %s', (_, hex, length, reason) => {
    expect(() => decodeControl(bytes(hex, length))).toThrow(reason);
  });
});

it('the pixel format is 32 bits, depth 24, little endian, shifts 0, 8 and 16 (RFC 6143 §7.4)', () => {
  expect(toHex(PIXEL_FORMAT)).toBe('2018000100ff00ff00ff000810000000');
});
