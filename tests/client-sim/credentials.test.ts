import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeP12 } from '#certs/request.ts';
import { deviceKey, FILES, pin, pinOf, readCertified, writePrivate } from '#client-sim/credentials.ts';
import { Failure } from '#platform/process/exit.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';

const DESKTOP = '131016/soumu/pc-01';
const root = mkdtempSync(join(tmpdir(), 'telework-credentials-'));
let pki: DemoPki;
let count = 0;
let folder: string;

beforeAll(async () => {
  pki = await demoPki();
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});

const file = (name: string) => join(folder, name);
const modeOf = (path: string) => statSync(path).mode & 0o777;
const copy = (from: string, to: string) => writeFileSync(file(to), readFileSync(from), { mode: 0o600 });

/** tanaka's, as enrolment leaves them. */
function enrolled(user = pki.users.tanaka): void {
  copy(user.key, FILES.key);
  copy(user.certificate, FILES.certificate);
  copy(user.authorities, FILES.gatewayAuthority);
  copy(user.revocations, FILES.gatewayRevocations);
}

describe('the device key', () => {
  it('is made once, for its owner alone, and stays the same', () => {
    const made = deviceKey(folder, true);
    expect(modeOf(file(FILES.deviceKey))).toBe(0o600);
    expect(deviceKey(folder, false).publicKey).toEqual(made.publicKey);
    expect(deviceKey(folder, true).publicKey).toEqual(made.publicKey);
    expect(made.publicKey).toHaveLength(65);
  });

  it('is not made where only a paired device helps', () => {
    expect(() => deviceKey(folder, false)).toThrow(/not paired yet/);
  });

  it('that is none is named, never its content', () => {
    writeFileSync(file(FILES.deviceKey), 'SECRET', { mode: 0o600 });
    const failure = () => deviceKey(folder, false);
    expect(failure).toThrow(Failure);
    expect(failure).toThrow(/device\.key\.pem: not a P-256 key/);
    expect(failure).not.toThrow(/SECRET/);
  });

  it('that others may read is not used', () => {
    deviceKey(folder, true);
    chmodSync(file(FILES.deviceKey), 0o644);
    expect(() => deviceKey(folder, false)).toThrow(/device\.key\.pem: others than its owner may use this key/);
  });
});

describe('a pin', () => {
  const key = new Uint8Array(65).fill(4);

  it('is what a pairing left, one a desktop; a new one replaces the old', () => {
    expect(pinOf(folder, DESKTOP)).toBeNull();
    pin(folder, DESKTOP, new Uint8Array(65).fill(9));
    pin(folder, '131016/soumu/pc-02', new Uint8Array(65).fill(2));
    pin(folder, DESKTOP, key);
    expect(pinOf(folder, DESKTOP)).toEqual(key);
    expect(pinOf(folder, '131016/soumu/pc-02')).toEqual(new Uint8Array(65).fill(2));
    expect(modeOf(file(FILES.pins))).toBe(0o600);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('of a desktop called %s is none', (name) => {
    expect(pinOf(folder, name)).toBeNull();
    pin(folder, DESKTOP, key);
    expect(pinOf(folder, name)).toBeNull();
  });

  it.each(['', '[]', '{"a":1}', '{"a":"short"}', 'null', '{'])(
    'in a file that holds %j stops the client, never is taken for no pin',
    (text) => {
      writeFileSync(file(FILES.pins), text);
      expect(() => pinOf(folder, DESKTOP)).toThrow(/pins\.json: not a list of pinned keys; pair again/);
      expect(() => pin(folder, DESKTOP, key)).toThrow(Failure);
      expect(readFileSync(file(FILES.pins), 'utf8')).toBe(text);
    },
  );
});

describe('key and certificate', () => {
  it('are read from the folder, with who they are for', () => {
    enrolled();
    const { identity, tls } = readCertified(folder, null, Date.now());
    expect(identity).toMatchObject({ kind: 'user', municipality: '131016', name: 'tanaka' });
    expect(tls.own.subject).toContain('田中');
  });

  it('are read from a .p12 as well, with its password and no other', () => {
    enrolled();
    const p12 = makeP12(
      readFileSync(pki.users.tanaka.key, 'utf8'),
      readFileSync(pki.users.tanaka.certificate, 'utf8'),
      'Himitsu-1234',
      'test',
    );
    writePrivate(file(FILES.p12), p12);
    const read = (password: string) => readCertified(folder, { file: file(FILES.p12), password }, Date.now());
    expect(read('Himitsu-1234').identity.name).toBe('tanaka');
    expect(() => read('Chigau-9')).toThrow(/^(?!.*Chigau).*user\.p12: the password of the \.p12 is wrong/);
    expect(() => readCertified(folder, { file: file('none'), password: '' }, Date.now())).toThrow(
      /none: cannot be read/,
    );
  });

  it('that are not valid yet or any more say since when, and what to do', () => {
    enrolled();
    const { validFromDate, validToDate } = readCertified(folder, null, Date.now()).tls.own;
    const at = (time: number) => () => readCertified(folder, null, time);
    expect(at(validFromDate.getTime() - 1)).toThrow(/not valid before .*clock right\?/);
    expect(at(validToDate.getTime() + 1)).toThrow(/expired on .*administrator/);
    expect(at(validFromDate.getTime())).not.toThrow();
  });

  it('of another kind are no user’s', () => {
    enrolled({ ...pki.agent, authorities: pki.users.tanaka.authorities, revocations: pki.users.tanaka.revocations });
    expect(() => readCertified(folder, null, Date.now())).toThrow(/cannot be used to sign in \(CERTIFICATE_/);
  });

  it('that do not belong together, or are missing, are named', () => {
    expect(() => readCertified(folder, null, Date.now())).toThrow(/user\.key\.pem: cannot be read \(ENOENT\)/);
    enrolled();
    copy(pki.users.suzuki.key, FILES.key);
    expect(() => readCertified(folder, null, Date.now())).toThrow(Failure);
  });
});

describe('a private file', () => {
  it('is not overwritten unless that is meant', () => {
    writePrivate(file('x'), 'one', false);
    expect(() => writePrivate(file('x'), 'two', false)).toThrow(/x exists; --force replaces it/);
    expect(readFileSync(file('x'), 'utf8')).toBe('one');
    writePrivate(file('x'), 'two');
    expect(readFileSync(file('x'), 'utf8')).toBe('two');
  });

  it('is for its owner alone, also where an open one stood', () => {
    writeFileSync(file('x'), 'old');
    chmodSync(file('x'), 0o644);
    writePrivate(file('x'), 'new');
    expect(modeOf(file('x'))).toBe(0o600);
  });

  it('that cannot be written leaves nothing behind', () => {
    mkdirSync(file('x'));
    expect(() => writePrivate(file('x'), 'new')).toThrow(/x: cannot be written \(E/);
    expect(readdirSync(folder)).toEqual(['x']);
  });

  it('is never written through a link that somebody laid', () => {
    writeFileSync(file('target'), 'kept');
    symlinkSync(file('target'), file('x'));
    writePrivate(file('x'), 'new');
    expect(readFileSync(file('target'), 'utf8')).toBe('kept');
    expect(readFileSync(file('x'), 'utf8')).toBe('new');
  });
});
