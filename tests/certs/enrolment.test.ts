import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '#certs/authority.ts';
import { COMMANDS } from '#certs/commands.ts';
import { readEnrolment } from '#certs/enrolment.ts';
import { makeRequest } from '#certs/request.ts';
import { numberOfKey } from '#platform/hop/certificate-request.ts';
import { exitCodeOf, Failure, lineOf } from '#platform/process/exit.ts';
import type { EnrolmentFile } from '#protocol/enrolment.ts';

const dir = mkdtempSync(join(tmpdir(), 'telework-enrolment-'));
const path = join(dir, 'request.json');
let good: EnrolmentFile;
let number: string;

beforeAll(async () => {
  const key = await makeKey();
  number = numberOfKey(createPublicKey(key.publicKey));
  const csr = makeRequest(key, 'whatever', ['gateway.example']);
  const who = { municipality: '131016', user: 'tanaka', name: '田中太郎' };
  good = { format: 'tw/enrolment-request/1', request: number, ...who, csr };
}, 30_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const read = (file: unknown, typed = number) => {
  writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file));
  return readEnrolment(path, typed);
};
const failureOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [exitCodeOf(error), lineOf(error)];
  }
  return null;
};

describe('a request from the queue', () => {
  it('says whose it is; the request inside gives nothing but the key', () => {
    const { names } = read(good, number.toLowerCase().replaceAll('-', ' '));
    expect(names).toEqual({
      identity: { kind: 'user', municipality: '131016', name: 'tanaka' },
      ...{ role: 'client', commonName: '田中太郎', hosts: [] },
    });
  });

  it('is for the key that the person named, whatever the file calls itself', () => {
    const other = 'AAAA-BBBB-CCCC-DDDD';
    expect(failureOf(() => read(good, other))).toEqual([
      1,
      expect.stringMatching(/not the key of AAAA-BBBB-CCCC-DDDD/),
    ]);
    expect(failureOf(() => read({ ...good, request: other }, other))).toEqual([
      1,
      expect.stringContaining('not the key'),
    ]);
    expect(failureOf(() => read(good, 'AAAA'))).toEqual([2, expect.stringContaining('--number')]);
  });

  it('of any other form is refused in one line that names the file (T14)', () => {
    const fields = fc.constantFrom<keyof EnrolmentFile>('format', 'request', 'municipality', 'user', 'name', 'csr');
    const files = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.string(),
      fc.tuple(fields, fc.jsonValue({ maxDepth: 1 })).map(([field, value]) => ({ ...good, [field]: value })),
      fc.constant({ ...good, more: 1 }),
    );
    fc.assert(
      fc.property(files, (file) => {
        const failure = failureOf(() => read(file));
        // A name is any text; everything else in the file has one form or names another key.
        if (failure === null) expect(file).toMatchObject({ csr: good.csr, municipality: '131016', user: 'tanaka' });
        else expect(failure[1]).toMatch(/request\.json|--subject/);
      }),
    );
  });
});

describe('issue --enrolment', () => {
  const issue = (line: string) => failureOf(() => COMMANDS.issue(line.split(' '), Date.now()));

  it.each([
    ['hop', '', /for users only/],
    ['user', '--name tanaka', /--name does not go with --enrolment/],
    ['user', '--municipality 131016', /--municipality does not go/],
    ['user', '--csr x.pem', /--csr does not go/],
    ['user', '--dns example.jp', /--dns does not go/],
  ])('%s %s is refused: the file says it', (kind, flags, message) => {
    const line = `${kind} --enrolment ${path} --number ${number} --out x.pem ${flags}`.trim();
    expect(issue(line)).toEqual([2, expect.stringMatching(message)]);
  });

  it('asks for the number', () => {
    expect(issue(`user --enrolment ${path} --out x.pem`)).toEqual([2, expect.stringContaining('--number is missing')]);
  });
});
