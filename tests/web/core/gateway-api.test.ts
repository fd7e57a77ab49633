import { describe, expect, it } from 'vitest';
import { CODES, type Code } from '#protocol/codes.ts';
import { RefusedByGateway } from '#web/core/ends.ts';
import { askToOpen, listDesktops, type Request, signInWithTotp, signOut } from '#web/core/gateway-api.ts';

const answering = (status: number, body: unknown): Request => {
  return async () => ({ status, body });
};
const codeOf = async (work: Promise<unknown>): Promise<Code | unknown> =>
  work.then(
    () => 'answered',
    (error) => (error instanceof RefusedByGateway ? error.code : error),
  );

describe('the gateway’s answers', () => {
  it('are taken as the API says', async () => {
    const asked: unknown[][] = [];
    const request: Request = async (...call) => {
      asked.push(call);
      return { status: 200, body: { desktops: [{ desktop: 'a', label: 'ラベル', online: true }] } };
    };
    expect(await listDesktops(request)).toEqual([{ desktop: 'a', label: 'ラベル', online: true }]);
    expect(asked).toEqual([['GET', '/api/desktops', undefined]]);
  });

  it('name the digest in base64url, and nothing that the gateway could open with', async () => {
    let body: unknown;
    const request: Request = async (_method, _path, sent) => {
      body = sent;
      return { status: 403, body: null };
    };
    await codeOf(askToOpen(request, '131016/soumu/pc-01', 'open', new Uint8Array(32)));
    expect(body).toEqual({ desktop: '131016/soumu/pc-01', mode: 'open', hello: 'A'.repeat(43) });
  });

  it.each(Object.keys(CODES) as Code[])('give the code %s as it is', async (code) => {
    expect(await codeOf(signInWithTotp(answering(400, { code }), '123456'))).toBe(code);
  });

  it.each<[string, number, unknown]>([
    ['a code that is none', 403, { code: 'HACKED' }],
    ['a refusal without a body', 502, null],
    ['a page instead of JSON', 200, null],
    ['fields of other types', 200, { desktops: [{ desktop: 1, label: null, online: 'yes' }] }],
    ['a list that is none', 200, { desktops: 'all' }],
  ])('are refused as unavailable for %s', async (_, status, body) => {
    expect(await codeOf(listDesktops(answering(status, body)))).toBe('UNAVAILABLE');
  });

  it('to a sign-out need no body', async () => {
    expect(await codeOf(signOut(answering(204, null)))).toBe('answered');
    expect(await codeOf(signOut(answering(401, { code: 'SESSION_REQUIRED' })))).toBe('SESSION_REQUIRED');
  });
});
