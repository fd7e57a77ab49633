import { describe, expect, it } from 'vitest';
import { openVnc } from '#agent/desktop/vnc.ts';
import { parseVncAddress } from '#agent/desktop/vnc-address.ts';
import { Failure } from '#platform/process/exit.ts';
import { Recorder } from '#tests/support/recorder.ts';

describe('the address of a VNC desktop (T08)', () => {
  it.for([
    ['unix:/run/desk/vnc.sock', { path: '/run/desk/vnc.sock' }],
    ['127.0.0.1:5901', { host: '127.0.0.1', port: 5901 }],
    ['127.8.9.10:1', { host: '127.8.9.10', port: 1 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
  ] as const)('may be %s', ([address, parsed]) => {
    expect(parseVncAddress(address)).toEqual(parsed);
  });

  it.for([
    '192.168.1.5:5901',
    '10.0.0.1:5900',
    '0.0.0.0:5901',
    '[::]:5901',
    '[fe80::1]:5901',
    '[::ffff:192.168.1.5]:5901',
    '[::1%eth0]:5901',
    'localhost:5901',
    'desk.example.lg.jp:5901',
    '127.0.0.1.example.jp:5901',
    '127.1:5901',
    '127.0.0.256:5901',
    '0177.0.0.1:5901',
    '2130706433:5901',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:5901 ',
    '127.0.0.1:5901\n',
    '[]:5901',
    'unix:vnc.sock',
    'unix:',
    'tcp://127.0.0.1:5901',
    '',
  ])('may not be %j', async (address) => {
    expect(() => parseVncAddress(address)).toThrow(Failure);
    await expect(openVnc({ address, lock: 'none' }, new Recorder())).rejects.toThrow(/only unix:/);
  });

  it('is named in one line, whatever it holds', () => {
    expect(() => parseVncAddress('evil\nline:1')).toThrow(/^[^\n]*$/);
  });
});
