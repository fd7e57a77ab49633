// The client's way to a verified agent. Gateway and relays are the test's, the agent's core is the real one.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusal } from '#protocol/codes.ts';
import { importSigningKey, newSigningKeyPem } from '#protocol/inner/cipher-node.ts';
import { DEFAULT_SUITE, Suite } from '#protocol/inner/suites.ts';
import { OPENING_MAX_MS, PROOF_MAX_MS } from '#protocol/limits.ts';
import { type BothEnds, bothEnds, DESKTOP, OTHER_DESKTOP, timersLeft, USER } from '#tests/support/both-ends.ts';
import { agentKey } from '#tests/support/end-to-end.ts';
import { until } from '#tests/support/memory-link.ts';
import { softPasskey } from '#tests/support/passkey.ts';
import { type End, endOf } from '#web/core/ends.ts';
import type { PasskeyProver } from '#web/core/open.ts';

const strangerKey = importSigningKey(newSigningKeyPem());

let ends: BothEnds;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  ends = await bothEnds();
  await ends.paired();
});
afterEach(() => vi.useRealTimers());

const attempt = (work: Promise<unknown>): Promise<End | 'opened'> => work.then(() => 'opened' as const, endOf);
const ended = () => ends.link().client.ended;

describe('a desktop is opened', () => {
  it.each([Suite.p256, Suite.x25519])('under suite %i, with the pinned agent', async (suite) => {
    const opened = await ends.open({ suite });
    expect(opened.established.session.suite).toBe(suite);
    expect(opened.agentKey).toEqual(agentKey.publicKey);
    expect(opened.ready).toMatchObject({ width: 128, height: 64 });
  });

  it('with fresh shares each time: no two hellos are alike, and the gateway signs for these', async () => {
    const request = vi.spyOn(ends.client, 'request');
    (await ends.open()).socket.close('ENDED');
    await until('the place is free', () => !ends.sessions.live(DESKTOP));
    await ends.open();
    const digests = request.mock.calls.map(([, , body]) => (body as { hello: string }).hello);
    expect(new Set(digests).size).toBe(2);
  });
});

describe('the first message to the relay', () => {
  it.each<[string, (() => string | null) | undefined, string[]]>([
    ['carries no sign-in where requests carry a cookie', undefined, ['ticket', 'type']],
    ['carries none where there is none', () => null, ['ticket', 'type']],
    ['carries the sign-in of a page of another origin', () => 'the-token', ['ticket', 'token', 'type']],
  ])('%s', async (_, token, fields) => {
    const said: string[] = [];
    const { dial } = ends.client;
    ends.client.dial = async () => {
      const socket = await dial();
      const sendText = socket.sendText.bind(socket);
      socket.sendText = (text) => {
        said.push(text);
        sendText(text);
      };
      return socket;
    };
    if (token) ends.client.token = token;
    await attempt(ends.open());
    const [first] = said.map((text) => JSON.parse(text));
    expect(Object.keys(first).sort()).toEqual(fields);
    expect(first.token).toBe(token?.() ?? undefined);
  });
});

describe('nobody but the pinned agent is talked to:', () => {
  it('another key ends the attempt before anything of the user is sent', async () => {
    const opening = ends.open({}, { agentKey: strangerKey.publicKey });
    expect(await attempt(opening)).toEqual({ code: 'AGENT_KEY_WRONG', authentic: true });
    // The hello and nothing else: no user id, no proof.
    expect(ends.link().sent.inward).toHaveLength(1);
    expect(ended()).toBe('AGENT_KEY_WRONG');
  });

  it('nor the agent itself for another desktop than the one asked for', async () => {
    ends.answered = (answer) => ({ ...answer, desktop: OTHER_DESKTOP });
    expect(await attempt(ends.open())).toEqual({ code: 'AGENT_REFUSED', authentic: true });
    expect(ends.links).toEqual([]);
  });
});

describe('a gateway', () => {
  it('that refuses is told apart from an agent that does', async () => {
    ends.client.request = async () => ({ status: 403, body: { code: 'NOT_ENTITLED' } });
    expect(await attempt(ends.open())).toEqual({ code: 'NOT_ENTITLED', authentic: false });
  });

  it.each<[string, object]>([
    ['no ticket', { ticket: undefined }],
    ['a number as the grant', { grant: 7 }],
    ['an epoch in words', { epoch: 'zero' }],
    ['a broken epoch', { epoch: 0.5 }],
    ['a negative epoch', { epoch: -1 }],
    ['a session id that is none', { session: 'x' }],
    ['a grant as long as a book', { grant: 'a'.repeat(70_000) }],
    ['a municipality that is none', { municipality: '市'.repeat(300) }],
  ])('that answers with %s is no gateway', async (_, changed) => {
    ends.answered = (answer) => ({ ...answer, ...changed });
    expect(await attempt(ends.open())).toEqual({ code: 'UNAVAILABLE', authentic: false });
    expect(ends.links).toEqual([]);
  });

  it.each<[string, object]>([
    ['another session than the paired one', { session: 'f'.repeat(32) }],
    ['an epoch to come', { epoch: 1 }],
    ['another municipality', { municipality: '132012' }],
  ])('that answers with %s gets an end and no session', async (_, changed) => {
    ends.answered = (answer) => ({ ...answer, ...changed });
    expect(await attempt(ends.open())).not.toBe('opened');
    await until('the link is closed', () => ended() !== null);
    await until('the agent gave up', () => timersLeft() === 0);
    expect(ends.sessions.list()).toEqual([]);
  });

  it('that puts another grant into its answer than it offered is found out by the agent', async () => {
    ends.answered = ({ grant, ...answer }) => ({ ...answer, grant: `${grant}A` });
    expect(await attempt(ends.open())).toEqual({ code: 'AGENT_REFUSED', authentic: false });
    expect(ends.audit.of('handshake-refused').at(-1)).toMatchObject({ reason: 'GRANT_MISMATCH' });
  });
});

describe('a relay', () => {
  it('that cannot be dialled ends it', async () => {
    ends.client.dial = () => Promise.reject(new Error('ECONNRESET'));
    expect(await attempt(ends.open())).toEqual({ code: 'CONNECTION_LOST', authentic: false });
    expect(timersLeft()).toBe(0);
  });

  it('whose reason is given is not believed', async () => {
    ends.onLink = (link) => {
      link.say = () => link.cut('RIGHTS_ENDED');
    };
    expect(await attempt(ends.open())).toEqual({ code: 'RIGHTS_ENDED', authentic: false });
  });

  it('that stays silent is left after ten seconds, by the client’s own word', async () => {
    ends.onLink = (link) => {
      link.say = () => {};
    };
    const opening = attempt(ends.open());
    await until('both ends wait', () => timersLeft() === 3);
    vi.advanceTimersByTime(OPENING_MAX_MS);
    expect(await opening).toEqual({ code: 'TOOK_TOO_LONG', authentic: true });
    await until('the agent gave up', () => timersLeft() === 0);
  });

  it('cannot make a refusal by the agent: only the sealed one is authentic', async () => {
    await ends.pairings.revoke(USER, DESKTOP);
    expect(await attempt(ends.open())).toEqual({ code: 'NOT_PAIRED', authentic: true });
    ends.onLink = (link) => {
      link.meddle = (way, record) => {
        if (way === 'outward') link.cut('NOT_PAIRED');
        return way === 'outward' ? [] : [record];
      };
    };
    expect(await attempt(ends.open())).toEqual({ code: 'NOT_PAIRED', authentic: false });
  });
});

describe('a device is paired', () => {
  const issue = async () => (await ends.pairings.issue(USER, DESKTOP, false)).code;

  it('and gets the agent’s key to pin, with the code typed as people type', async () => {
    const code = await issue();
    expect(await ends.pair(` ${code.toLowerCase().replaceAll('-', ' ')} `)).toEqual(ends.pinned);
    expect(await attempt(ends.open())).toBe('opened');
  });

  it('not with a code that cannot be one: nothing is asked or dialled', async () => {
    const request = vi.spyOn(ends.client, 'request');
    expect(await attempt(ends.pair('1234'))).toEqual({ code: 'PAIRING_REFUSED', authentic: true });
    expect(request).not.toHaveBeenCalled();
  });

  it('not with another agent, though it answers under the same grant: it has not the code', async () => {
    await issue();
    const other = await ends.pairings.issue('suzuki', DESKTOP, false);
    expect(await attempt(ends.pair(other.code))).toEqual({ code: 'PAIRING_REFUSED', authentic: true });
  });

  it('and does not wait for ever for a relay to close, nor take anything from it', async () => {
    const code = await issue();
    ends.onLink = (link) => {
      link.closed = () => {};
      link.cut = () => {};
    };
    const after = vi.spyOn(ends.client, 'after');
    const pairing = ends.pair(code);
    // For the opening, the proof, the verdict and the close.
    await until('the client waits for the close', () => after.mock.calls.length === 4);
    expect(ends.link().agent.ended).toBe('ENDED');
    vi.advanceTimersByTime(OPENING_MAX_MS);
    expect(await pairing).toEqual(ends.pinned);
    expect(timersLeft()).toBe(0);
  });
});

describe('a passkey', () => {
  const passkey = softPasskey();
  /** A person who takes a while, and what they do in the end. */
  function slowly(): { prover: PasskeyProver; asked(): boolean; confirm(): void; decline(): void } {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let asked = false;
    const wait = () => {
      asked = true;
      return promise;
    };
    return {
      prover: {
        kind: 'passkey',
        create: async (challenge, user) => wait().then(() => passkey.create(challenge, user)),
        get: async (challenge, ids) => wait().then(() => passkey.get(challenge, ids)),
      },
      asked: () => asked,
      confirm: resolve,
      decline: () => reject(new DOMException('declined', 'NotAllowedError')),
    };
  }
  const pairPasskey = async () => {
    const { code } = await ends.pairings.issue(USER, DESKTOP, false);
    ends.pinned = await ends.pair(code, { prover: passkey });
  };

  it('is asked for by the id that pairing taught, which goes to the authenticator and nobody else', async () => {
    await pairPasskey();
    const get = vi.spyOn(passkey, 'get');
    await ends.open({ prover: passkey });
    expect(get.mock.calls.map(([challenge, ids]) => [challenge.length, ids])).toEqual([
      [32, [passkey.passkey.credentialId]],
    ]);
    get.mockRestore();
  });

  it('has its owner’s time: a gesture after almost a minute opens and pairs', async () => {
    await pairPasskey();
    const opener = slowly();
    const opening = attempt(ends.open({ prover: opener.prover }));
    await until('the person is asked', opener.asked);
    vi.advanceTimersByTime(PROOF_MAX_MS - 1_000);
    opener.confirm();
    expect(await opening).toBe('opened');
    for (const { session } of ends.sessions.list()) ends.sessions.revoke(session, 'ENDED');
    await until('the place is free', () => !ends.sessions.live(DESKTOP));

    const pairer = slowly();
    const { code } = await ends.pairings.issue(USER, DESKTOP, false);
    const pairing = attempt(ends.pair(code, { prover: pairer.prover }));
    await until('the person is asked', pairer.asked);
    vi.advanceTimersByTime(PROOF_MAX_MS - 1_000);
    pairer.confirm();
    expect(await pairing).toBe('opened');
  });

  it('is not waited for longer than that', async () => {
    await pairPasskey();
    const never = slowly();
    const opening = attempt(ends.open({ prover: never.prover }));
    await until('the person is asked', never.asked);
    vi.advanceTimersByTime(PROOF_MAX_MS);
    expect(await opening).toEqual({ code: 'TOOK_TOO_LONG', authentic: true });
    await until('nobody waits', () => timersLeft() === 0);
    never.confirm();
  });

  it('that its owner declines ends the attempt, by the client’s own word, and spares the code for another try', async () => {
    await pairPasskey();
    const opener = slowly();
    const opening = attempt(ends.open({ prover: opener.prover }));
    await until('the person is asked', opener.asked);
    opener.decline();
    expect(await opening).toEqual({ code: 'PASSKEY_PROOF_REFUSED', authentic: true });
    expect(ended()).toBe('PASSKEY_PROOF_REFUSED');
    expect(ends.link().sent.inward, 'no proof').toHaveLength(1);
    await until('the agent gave up', () => timersLeft() === 0);

    const pairer = slowly();
    const { code } = await ends.pairings.issue(USER, DESKTOP, false);
    const pairing = attempt(ends.pair(code, { prover: pairer.prover }));
    await until('the person is asked', pairer.asked);
    pairer.decline();
    expect(await pairing).toEqual({ code: 'PASSKEY_PROOF_REFUSED', authentic: true });
    expect(await ends.pair(code, { prover: passkey })).toEqual(ends.pinned);
  });

  it('is not waited for once a relay has closed', async () => {
    await pairPasskey();
    const opener = slowly();
    const opening = attempt(ends.open({ prover: opener.prover }));
    await until('the person is asked', opener.asked);
    ends.link().cut('RIGHTS_ENDED');
    expect(await opening).toEqual({ code: 'RIGHTS_ENDED', authentic: false });
    await until('nobody waits', () => timersLeft() === 0);
    opener.confirm();
  });

  it('is not asked for by an agent that is not the pinned one', async () => {
    await pairPasskey();
    const opener = slowly();
    const opening = attempt(ends.open({ prover: opener.prover }, { agentKey: strangerKey.publicKey }));
    expect(await opening).toEqual({ code: 'AGENT_KEY_WRONG', authentic: true });
    expect(opener.asked()).toBe(false);
  });
});

describe('what any failure means', () => {
  it('a refusal is the client’s own finding, anything unknown a lost connection', () => {
    expect(endOf(new Refusal('AGENT_SIGNATURE'))).toEqual({ code: 'AGENT_KEY_WRONG', authentic: true });
    expect(endOf(new TypeError('x'))).toEqual({ code: 'CONNECTION_LOST', authentic: false });
    expect(endOf(undefined)).toEqual({ code: 'CONNECTION_LOST', authentic: false });
  });

  it('the default suite is the hybrid of the CRYPTREC curve', () => {
    expect(DEFAULT_SUITE).toBe(Suite.p256);
  });
});
