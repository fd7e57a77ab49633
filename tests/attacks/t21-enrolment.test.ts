// T21: somebody gets a certificate that is not his, learns from enrolment who has an account, or wears the listener out.
import { createHash, createPublicKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import fc from 'fast-check';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRequest } from '#certs/request.ts';
import { oddCertificate, oddSigner, readSigner } from '#lab/odd-certificates.ts';
import { clientTls } from '#platform/hop/tls.ts';
import { fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import { answerProofInput } from '#protocol/enrolment.ts';
import { ENROLMENT_CODE_LIFE_MS } from '#protocol/limits.ts';
import { certified, type EnrolmentDesk, openDesk } from '#tests/support/enrolment.ts';
import { type Answered, openGateway, type TestGateway } from '#tests/support/gateway.ts';
import { RefusedByGateway } from '#web/core/ends.ts';
import { fetchAnswer, makeUserKey, numberOf, submitKey, type UserKey } from '#web/core/enrolment.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const SUZUKI = { municipality: '131016', user: 'suzuki' };
const SATO = { municipality: '132012', user: 'sato' };
const WRONG_CODE = '0000-0000-0000-0000';

/** RSA keys are dear; whoever needs a fresh one takes the next. */
const keys: UserKey[] = [];
function nextKey(): UserKey {
  const key = keys.pop();
  if (!key) throw new Error('make more keys in beforeAll');
  return key;
}

/** A gateway of its own for each describe: rates are counted per address, and all tests have one. */
function atListener(): { readonly test: TestGateway; readonly desk: EnrolmentDesk } {
  let up: { test: TestGateway; desk: EnrolmentDesk } | null = null;
  const there = () => {
    if (!up) throw new Error('not up');
    return up;
  };
  beforeAll(async () => {
    const test = await openGateway();
    up = { test, desk: openDesk(test) };
  }, 60_000);
  afterAll(async () => {
    up?.desk.close();
    await up?.test.close();
  });
  return {
    get test() {
      return there().test;
    },
    get desk() {
      return there().desk;
    },
  };
}

beforeAll(async () => {
  keys.push(...(await Promise.all(Array.from({ length: 14 }, makeUserKey))));
}, 120_000);

const codeOf = async (work: Promise<unknown>) => {
  try {
    await work;
  } catch (error) {
    return error instanceof RefusedByGateway ? error.code : error;
  }
  return null;
};

describe('the whole way, as the control', () => {
  const at = atListener();

  it('gives the user what the authority made, again and again, and no administrator ever saw the key', async () => {
    const { test, desk } = at;
    const key = nextKey();
    await submitKey(desk.device.request, await desk.codeFor(TANAKA), key, '田中太郎');
    expect(await fetchAnswer(desk.device.request, key)).toMatchObject({ state: 'waiting' });

    const { requests } = await test.admin('enrolment.export', {});
    expect(requests).toEqual([
      expect.objectContaining({ format: 'tw/enrolment-request/1', request: await numberOf(key), ...TANAKA }),
    ]);
    await test.admin('enrolment.import', { certificate: desk.certify(key, TANAKA) });
    const answer = await fetchAnswer(desk.device.request, key);
    expect(answer).toMatchObject({ state: 'certified', ...TANAKA });
    expect(await fetchAnswer(desk.device.request, key)).toEqual(answer);

    expect(test.audit.events.map(({ event }) => event).filter((event) => event.startsWith('enrolment'))).toEqual([
      ...['enrolment-code-issued', 'enrolment-requested', 'enrolment-exported', 'enrolment-certified'],
      ...['enrolment-collected', 'enrolment-collected'],
    ]);
    const everything = JSON.stringify([test.audit.events, await test.store.list('enrolment/')]) + test.logged();
    expect(everything).not.toContain('PRIVATE KEY');
  });

  it('lets an administrator refuse, and the user hears it', async () => {
    const { test, desk } = at;
    const key = nextKey();
    await submitKey(desk.device.request, await desk.codeFor(SUZUKI), key, '鈴木');
    await test.admin('enrolment.refuse', { request: await numberOf(key) });
    expect(await codeOf(fetchAnswer(desk.device.request, key))).toBe('ENROLMENT_DECLINED');
    await expect(test.admin('enrolment.import', { certificate: desk.certify(key, SUZUKI) })).rejects.toThrow(
      /answered/,
    );
  });
});

describe('a code', () => {
  const at = atListener();

  it('that is wrong, used, expired, replaced or of a disabled user gets one answer, byte for byte', async () => {
    const { test, desk } = at;
    const csr = makeRequest(nextKey(), 'x');
    const hand = (code: string) => desk.ask('/enrolment', { body: { code, csr } });
    const used = await desk.codeFor(TANAKA);
    expect((await hand(used)).status).toBe(202);
    const replaced = await desk.codeFor(SUZUKI);
    const expired = await desk.codeFor(SUZUKI);
    const answers: Answered[] = [];
    const handAll = async (...codes: string[]) => {
      for (const code of codes) answers.push(await hand(code));
    };
    await handAll(WRONG_CODE, 'nonsense', '', used, replaced);
    test.pass(ENROLMENT_CODE_LIFE_MS);
    const disabled = await desk.codeFor(SATO);
    await test.admin('user.disable', SATO);
    await handAll(expired, disabled);
    for (const { status, text } of answers) expect([status, text]).toEqual([403, answers[0]?.text]);
    expect(answers[0]?.json?.code).toBe('ENROLMENT_REFUSED');
    expect(test.audit.of('enrolment-refused').map(({ reason }) => reason)).toEqual([
      ...['ENROLMENT_CODE_WRONG', 'ENROLMENT_CODE_WRONG', 'ENROLMENT_CODE_WRONG', 'ENROLMENT_CODE_SPENT'],
      ...['ENROLMENT_CODE_SPENT', 'ENROLMENT_CODE_EXPIRED', 'ENROLMENT_USER_GONE'],
    ]);
    const written = JSON.stringify(test.audit.events) + test.logged();
    for (const code of [used, replaced, expired, disabled]) expect(written).not.toContain(code);
  });

  it('gets nobody a certificate of another user: its own user is the one who is asked for', async () => {
    const { test, desk } = at;
    await test.admin('user.enable', SATO);
    const thief = nextKey();
    // The thief is tanaka, and says in the request that he is sato.
    await submitKey(desk.device.request, await desk.codeFor(TANAKA), thief, 'sato');
    const { requests } = (await test.admin('enrolment.list')) as { requests: { request: string; user: string }[] };
    const mine = await numberOf(thief);
    expect(requests.find(({ request }) => request === mine)).toMatchObject(TANAKA);
    await expect(test.admin('enrolment.import', { certificate: desk.certify(thief, SATO) })).rejects.toThrow(/tanaka/);
  });

  it('cannot be guessed: after a burst one address has one try in five seconds, and hears no more than that', async () => {
    const { desk } = at;
    const csr = makeRequest(await makeUserKey(), 'x');
    const statuses = [];
    for (let i = 0; i < 30; i++)
      statuses.push((await desk.ask('/enrolment', { body: { code: WRONG_CODE, csr } })).status);
    expect(statuses.at(-1)).toBe(429);
    // 20 at once, less those of the tests before, and what came back meanwhile.
    expect(statuses.filter((status) => status === 403).length).toBeLessThan(20);
  }, 30_000);
});

describe('a request', () => {
  const at = atListener();
  const pem = (bits: number, digest: 'sha1' | 'sha256' = 'sha256', exponent = 65_537) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      ...{ modulusLength: bits, publicExponent: exponent },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const request = forge.pki.createCertificationRequest();
    request.publicKey = forge.pki.publicKeyFromPem(publicKey);
    request.setSubject([{ name: 'commonName', value: 'x' }]);
    request.sign(forge.pki.privateKeyFromPem(privateKey), forge.md[digest].create());
    return { request, text: forge.pki.certificationRequestToPem(request) };
  };

  it('with a weak key, a weak or a foreign signature, or that is none, costs the user no code', async () => {
    const { test, desk } = at;
    const code = await desk.codeFor(TANAKA);
    const strong = nextKey();
    const bad = {
      weak: pem(2048).text,
      sha1: pem(3072, 'sha1').text,
      exponent: pem(3072, 'sha256', 3).text,
      foreign: makeRequest({ publicKey: strong.publicKey, privateKey: nextKey().privateKey }, 'x'),
      none: '-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n',
    };
    for (const [name, csr] of Object.entries(bad)) {
      const answer = await desk.ask('/enrolment', { body: { code, csr } });
      expect([name, answer.json?.code]).toEqual([name, 'ENROLMENT_REQUEST_REFUSED']);
    }
    expect((await desk.ask('/enrolment', { body: { code, csr: makeRequest(strong, 'x') } })).status).toBe(202);
    expect((await test.admin('enrolment.list')).requests).toHaveLength(1);
  }, 60_000);

  it('brings nothing along that the authority would have to read: names, other blocks, text', async () => {
    const { test, desk } = at;
    const key = nextKey();
    const csr = makeRequest(key, 'someone else', ['gateway.example']);
    const code = await desk.codeFor(SUZUKI);
    for (const padded of [`text\n${csr}`, `${csr}${csr}`, `${csr}\ntext`]) {
      expect((await desk.ask('/enrolment', { body: { code, csr: padded } })).json?.code).toBe('BAD_REQUEST');
    }
    expect((await desk.ask('/enrolment', { body: { code, csr } })).status).toBe(202);
    const { requests } = (await test.admin('enrolment.export', { request: await numberOf(key) })) as {
      requests: object[];
    };
    expect(requests[0]).toMatchObject({ ...SUZUKI, name: '試験' });
    expect(new X509Certificate(desk.certify(key, SUZUKI)).subjectAltName).toBe('URI:urn:telework:user:131016:suzuki');
  });

  it('as large as somebody likes is cut off, and nothing but a refusal comes of any body (T14)', async () => {
    const { test, desk } = at;
    expect((await desk.ask('/enrolment', { body: { code: 'x', csr: 'A'.repeat(20_000) } })).json?.code).toBe(
      'BAD_REQUEST',
    );
    const bodies = fc.oneof(
      fc.string({ maxLength: 200, unit: 'binary' }),
      fc.json({ maxDepth: 2 }),
      fc
        .record({ code: fc.string({ maxLength: 20 }), csr: fc.string({ maxLength: 200 }) })
        .map((one) => JSON.stringify(one)),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const { status, json } = await desk.ask('/enrolment', { body });
        expect([400, 403, 429]).toContain(status);
        expect(Object.keys(json ?? {})).toEqual(['code', 'message']);
      }),
      { numRuns: 25 },
    );
    expect(test.audit.events.filter(({ reason }) => reason === 'INTERNAL')).toEqual([]);
  }, 30_000);
});

describe('an answer', () => {
  const at = atListener();
  let owner: UserKey;
  let number: string;
  const challenge = async () => String((await at.desk.ask('/enrolment/challenge', { body: {} })).json?.nonce);
  const signed = (nonce: string, key = owner, about = owner) =>
    toBase64Url(sign('sha256', answerProofInput(fromBase64Url(nonce), digestOf(about)), key.privateKey));
  const answer = (body: object) => at.desk.ask('/enrolment/answer', { body });

  beforeAll(async () => {
    const { test, desk } = at;
    owner = nextKey();
    number = await numberOf(owner);
    await submitKey(desk.device.request, await desk.codeFor(TANAKA), owner, '田中');
    await test.admin('enrolment.import', { certificate: desk.certify(owner, TANAKA) });
  }, 60_000);

  it('goes to the holder of the key, and to nobody else who knows its number', async () => {
    const nonce = await challenge();
    expect((await answer({ request: number, nonce, signature: signed(nonce) })).json).toMatchObject({
      state: 'certified',
    });
    const other = nextKey();
    for (const attempt of ['unsigned', 'another key', 'another key’s input', 'no request', 'rubbish'] as const) {
      const nonce = await challenge();
      const body = {
        unsigned: { request: number, nonce, signature: '' },
        'another key': { request: number, nonce, signature: signed(nonce, other) },
        'another key’s input': { request: number, nonce, signature: signed(nonce, owner, other) },
        'no request': { request: await numberOf(other), nonce, signature: signed(nonce, other, other) },
        rubbish: { request: number, nonce, signature: 'A'.repeat(512) },
      }[attempt];
      expect([attempt, (await answer(body)).json?.code]).toEqual([attempt, 'ENROLMENT_ANSWER_REFUSED']);
    }
  });

  it('is not given for a proof that was seen before, nor for a challenge of somebody’s own', async () => {
    const nonce = await challenge();
    const proof = { request: number, nonce, signature: signed(nonce) };
    expect((await answer(proof)).status).toBe(200);
    expect((await answer(proof)).json?.code).toBe('ENROLMENT_ANSWER_REFUSED');
    const own = toBase64Url(new Uint8Array(32).fill(7));
    expect((await answer({ request: number, nonce: own, signature: signed(own) })).json?.code).toBe(
      'ENROLMENT_ANSWER_REFUSED',
    );
  });

  it('spends the challenge on a wrong proof, too, so that no challenge is tried twice', async () => {
    const nonce = await challenge();
    expect((await answer({ request: number, nonce, signature: '' })).status).toBe(403);
    expect((await answer({ request: number, nonce, signature: signed(nonce) })).status).toBe(403);
  });
});

describe('a certificate that an administrator brings', () => {
  const at = atListener();
  let key: UserKey;

  beforeAll(async () => {
    key = nextKey();
    await submitKey(at.desk.device.request, await at.desk.codeFor(TANAKA), key, '田中');
  }, 60_000);

  it.each([
    ['for another key', () => at.desk.certify(nextKey(), TANAKA), /REQUEST_UNKNOWN/],
    ['for another user', () => at.desk.certify(key, SUZUKI), /CERTIFICATE_WRONG_KIND/],
    ['for another municipality', () => at.desk.certify(key, { ...TANAKA, municipality: '132012' }), /WRONG_KIND/],
    [
      'of another authority',
      () => certified(oddSigner(null, nextKey(), { commonName: 'Telework user CA' }), key.publicKey, TANAKA),
      /UNTRUSTED/,
    ],
    ['of another kind', () => odd({ uris: ['urn:telework:admin:131016:tanaka'] }), /CERTIFICATE_WRONG_KIND/],
    ['for a server', () => odd({ usage: ['serverAuth'] }), /CERTIFICATE_WRONG_USAGE/],
    ['that has run out', () => odd({ fromMs: -7_200_000, untilMs: -3_600_000 }), /CERTIFICATE_EXPIRED/],
    ['signed with SHA-1', () => odd({ digest: 'sha1' }), /CERTIFICATE_WEAK/],
    ['that is none', () => 'nonsense', /not a certificate/],
  ])('%s answers no request', async (_, certificate, refusal) => {
    await expect(at.test.admin('enrolment.import', { certificate: certificate() })).rejects.toThrow(refusal);
    expect(await fetchAnswer(at.desk.device.request, key)).toMatchObject({ state: 'waiting' });
  });

  it('and fits is taken, once (positive control)', async () => {
    await at.test.admin('enrolment.import', { certificate: at.desk.certify(key, TANAKA) });
    expect(await fetchAnswer(at.desk.device.request, key)).toMatchObject({ state: 'certified' });
    await expect(at.test.admin('enrolment.import', { certificate: at.desk.certify(key, TANAKA) })).rejects.toThrow(
      /answered/,
    );
    expect(at.test.audit.of('enrolment-refused').length).toBeGreaterThanOrEqual(8);
  });

  function odd(options: Parameters<typeof oddCertificate>[2]): string {
    const good = { uris: ['urn:telework:user:131016:tanaka'], usage: ['clientAuth'] as const };
    return oddCertificate(readSigner(at.test.pki.dir, 'user'), key, { ...good, ...options });
  }
});

describe('the second listener', () => {
  const at = atListener();

  it.each([
    ['GET', '/healthz'],
    ['GET', '/api/session'],
    ['POST', '/api/sign-in/totp'],
    ['GET', '/api/desktops'],
    ['GET', '/relay'],
    ['GET', '/'],
    ['POST', '/enrolment/'],
    ['POST', '/enrolment?code=1'],
    ['POST', '/enrolment/../api/session'],
  ])('has no %s %s', async (method, path) => {
    expect((await at.desk.ask(path, { method, body: method === 'POST' ? {} : undefined })).status).toBe(404);
  });

  it.each(['GET', 'PUT', 'OPTIONS', 'HEAD', 'DELETE'])('answers %s on its own routes with 405', async (method) => {
    expect((await at.desk.ask('/enrolment', { method })).status).toBe(405);
  });

  it('lets a user’s certificate open nothing there: it never asks for one', async () => {
    const { tanaka } = at.test.pki.users;
    const socket = connect({
      ...clientTls(tanaka, 'localhost'),
      host: '127.0.0.1',
      port: at.test.gateway.enrolmentPort ?? 0,
    });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    socket.write('GET /api/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const answer = (await socket.setEncoding('utf8').toArray()).join('');
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toContain('NOT_FOUND');
  });

  it('takes no upgrade', async () => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-version': '13',
    };
    expect((await at.desk.ask('/relay', { method: 'GET', headers })).status).toBe(404);
  });

  it('takes nothing from a page of another origin, or as a form would send it', async () => {
    const code = await at.desk.codeFor(TANAKA);
    const body = { code, csr: makeRequest(nextKey(), 'x') };
    const from = (headers: Record<string, string>) => at.desk.ask('/enrolment', { body, headers });
    expect((await from({ origin: 'https://telework.example.jp' })).json?.code).toBe('BAD_REQUEST');
    expect((await from({ origin: at.test.origin })).json?.code).toBe('BAD_REQUEST');
    expect((await from({ 'content-type': 'text/plain' })).json?.code).toBe('BAD_REQUEST');
    expect((await from({ origin: `https://localhost:${at.test.gateway.enrolmentPort}` })).status).toBe(202);
  });

  it('is closed to the user’s listener’s callers: enrolment is not there either', async () => {
    const { tanaka } = at.test.pki.users;
    expect((await at.test.ask(tanaka, '/enrolment', { method: 'POST', body: {} })).status).toBe(404);
  });

  it('slows one address down before it wears anything out (T13)', async () => {
    const statuses = [];
    for (let i = 0; i < 80; i++) statuses.push((await at.desk.ask('/enrolment/challenge', { body: {} })).status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(5);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
  }, 30_000);
});

function digestOf({ publicKey }: UserKey) {
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  return Uint8Array.from(createHash('sha256').update(der).digest());
}
