// Each judge is given what a sound system shows, then the same with one thing wrong at a time.
import { describe, expect, it } from 'vitest';
import { type CertificateEnd, judgeCertificateEnd } from '#evidence/revocation/certificate-end.ts';
import { END_MAX_MS, type Ending, type Endings, judgeEndings } from '#evidence/revocation/ending.ts';
import { judgeRollOver, type RollOver } from '#evidence/revocation/grant-key.ts';
import { revocationProofs } from '#evidence/revocation/proofs.ts';
import { ENDED_BY_HAND, REVOKED, WITHDRAWN } from '#evidence/revocation/rights-end.ts';
import { GRACE_MS, judgeLoss, type SourceLost } from '#evidence/revocation/source-lost.ts';
import { type Helped, judgeHelp } from '#evidence/revocation/withheld.ts';
import { LEASE_LIFE_MS } from '#protocol/limits.ts';

const ended = (what: string, code: string): Ending => ({
  ...{ what, code, framesBefore: 12, lastFrameMs: 250, endedMs: 300, authentic: true },
});

describe('the judge of rights that end', () => {
  const good: Endings = {
    endings: Object.entries(WITHDRAWN).map(([what, code]) => ended(what, code)),
    untouched: { framesMeanwhile: 40, ended: null },
  };
  const judged = (seen: Endings) => judgeEndings(seen, WITHDRAWN).result;
  const withPairing = (changed: Partial<Ending>): Endings => ({
    ...good,
    endings: good.endings.map((one) => (one.what === 'pairing' ? { ...one, ...changed } : one)),
  });

  it('passes when each ends in time, with its reason, under the seal', () => {
    expect(judged(good)).toBe('pass');
    expect(judged(withPairing({ endedMs: END_MAX_MS, lastFrameMs: END_MAX_MS }))).toBe('pass');
  });

  it.each<[string, Partial<Ending>]>([
    ['ends a moment late', { endedMs: END_MAX_MS + 1 }],
    ['shows pictures after that', { lastFrameMs: END_MAX_MS + 1 }],
    ['never ends', { endedMs: null, lastFrameMs: null, code: null, authentic: false }],
    ['ends with another reason', { code: 'RIGHTS_ENDED' }],
    ['ends as a lost connection', { code: 'CONNECTION_LOST', authentic: false }],
    ['has its reason from a relay only', { authentic: false }],
    ['was no session in the first place', { framesBefore: 0 }],
  ])('fails when one %s', (_, changed) => expect(judged(withPairing(changed))).toBe('fail'));

  it('fails when one was not observed at all, or nothing was', () => {
    expect(judged({ ...good, endings: good.endings.slice(1) })).toBe('fail');
    expect(judged({ ...good, endings: [] })).toBe('fail');
  });

  it('fails without its control: a session that nobody touched goes on, and is seen to', () => {
    expect(judged({ ...good, untouched: { framesMeanwhile: 0, ended: null } })).toBe('fail');
    expect(judged({ ...good, untouched: { framesMeanwhile: 40, ended: 'RIGHTS_ENDED' } })).toBe('fail');
  });

  it('tells apart what was taken away from what was ended by hand', () => {
    const hand = Object.entries(ENDED_BY_HAND).map(([what, code]) => ended(what, code));
    const untouched = good.untouched;
    expect(judgeEndings({ endings: hand, untouched }, ENDED_BY_HAND).result).toBe('pass');
    expect(judgeEndings({ endings: hand, untouched }, REVOKED).result).toBe('fail');
  });
});

describe('the judge of relays that withhold', () => {
  const withheld: Helped = {
    ...{ what: 'withheld', framesAfter: 50, leasesBanked: 0, leasesDealt: 0 },
    ...{ sinceAnsweredMs: LEASE_LIFE_MS, sinceRevokedMs: 28_000, code: 'RIGHTS_UNCONFIRMED', authentic: true },
  };
  const banked: Helped = { ...withheld, what: 'banked', leasesBanked: 1, leasesDealt: 1 };

  it('passes when both end in time though the relay helps', () => {
    expect(judgeHelp([withheld, banked]).result).toBe('pass');
  });

  it.each<[string, Helped[]]>([
    ['one is missing', [withheld]],
    ['nothing was observed', []],
    ['it lives on a lease that was dealt late', [withheld, { ...banked, sinceAnsweredMs: 42_000 }]],
    ['it never ends', [{ ...withheld, sinceAnsweredMs: null, code: null, authentic: false }, banked]],
    ['the relay did not help at all', [{ ...withheld, framesAfter: 0 }, banked]],
    ['no lease was banked', [withheld, { ...banked, leasesBanked: 0, leasesDealt: 0 }]],
    ['no banked lease was dealt', [withheld, { ...banked, leasesDealt: 0 }]],
    ['the end came from a relay', [{ ...withheld, code: 'CONNECTION_LOST', authentic: false }, banked]],
    ['the revocation arrived after all', [{ ...withheld, code: 'RIGHTS_ENDED' }, banked]],
  ])('fails when %s', (_, seen) => expect(judgeHelp(seen).result).toBe('fail'));
});

describe('the judge of the roll-over', () => {
  const cut = (what: string) => ended(what, 'GATEWAY_DISTRUSTED');
  const good: RollOver = {
    gatewayTookItOver: true,
    carried: { framesMeanwhile: 30, ended: null },
    openedAnew: 'done',
    withdrawn: [cut('first'), cut('second')],
    afterwards: 'AGENT_REFUSED',
  };

  it('passes when nothing ends by it, and everything by taking the pin out', () => {
    expect(judgeRollOver(good).result).toBe('pass');
  });

  it.each<[string, Partial<RollOver>]>([
    ['the gateway never signed by the new key', { gatewayTookItOver: false }],
    ['the session ended on the way', { carried: { framesMeanwhile: 30, ended: 'RIGHTS_UNCONFIRMED' } }],
    ['nobody saw that it went on', { carried: { framesMeanwhile: 0, ended: null } }],
    ['the new key opens nothing', { openedAnew: 'AGENT_REFUSED' }],
    ['a session outlives the pin', { withdrawn: [cut('first'), { ...cut('second'), endedMs: null, code: null }] }],
    ['a session ends late', { withdrawn: [cut('first'), { ...cut('second'), endedMs: END_MAX_MS + 1 }] }],
    ['only one session was there', { withdrawn: [cut('first')] }],
    ['the reason is another one', { withdrawn: [cut('first'), { ...cut('second'), code: 'RIGHTS_ENDED' }] }],
    ['a grant by that key still opens', { afterwards: 'opened' }],
  ])('fails when %s', (_, changed) => expect(judgeRollOver({ ...good, ...changed }).result).toBe('fail'));
});

describe('the judge of a certificate’s end', () => {
  const good: CertificateEnd = {
    signIns: [
      { daysLeft: 100, warning: null },
      { daysLeft: 29, warning: 30 },
      { daysLeft: 6.5, warning: 7 },
      { daysLeft: 0.8, warning: 1 },
    ],
    said: [
      '証明書の有効期限が近づいています / the certificate is about to end: 2026-11-26T00:00:00.000Z',
      '証明書の期限まであと 1 分です。切れると終了します / the certificate, and this session, ends in 1 min',
      'CERTIFICATE_ENDED: 証明書の有効期限が切れたか… / The session was ended because …',
    ],
    exitCode: 1,
    endedAfterMs: 700,
  };

  it('passes when it was told before, and the session ended with it', () => {
    expect(judgeCertificateEnd(good).result).toBe('pass');
  });

  it.each<[string, Partial<CertificateEnd>]>([
    ['a warning is missing', { signIns: good.signIns.slice(0, 3) }],
    ['a warning comes for a certificate that is far from its end', { signIns: [{ daysLeft: 100, warning: 30 }] }],
    ['nothing is said at the sign-in', { said: good.said.slice(1) }],
    ['nothing is said within the session', { said: [good.said[0] ?? '', good.said[2] ?? ''] }],
    ['the session ends late', { endedAfterMs: END_MAX_MS + 1 }],
    ['the session ends before', { endedAfterMs: -END_MAX_MS - 1 }],
    ['the client worked to its own end', { exitCode: 0 }],
    ['the reason is another one', { said: [...good.said.slice(0, 2), 'TIME_LIMIT: …'] }],
    ['the reason is a relay’s', { said: [...good.said.slice(0, 2), `${good.said[2]} (… not authenticated)`] }],
    ['the client said nothing', { said: [] }],
  ])('fails when %s', (_, changed) => expect(judgeCertificateEnd({ ...good, ...changed }).result).toBe('fail'));
});

describe('the judge of a source that is lost', () => {
  const good: SourceLost = {
    ...{ what: 'state', before: 'done', meanwhile: 'UNAVAILABLE', opening: 'UNAVAILABLE', framesMeanwhile: 80 },
    ...{ endedMs: GRACE_MS, code: 'RIGHTS_UNCONFIRMED', authentic: true, afterwards: 'opened' },
  };

  it('passes when nobody gets in, who is in has the grace, and all works again', () => {
    expect(judgeLoss([good]).result).toBe('pass');
  });

  it.each<[string, Partial<SourceLost>]>([
    ['it did not work before', { before: 'UNAVAILABLE' }],
    ['requests are still answered', { meanwhile: 'done' }],
    ['a desktop still opens', { opening: 'opened' }],
    ['the session never ends', { endedMs: null, code: null, authentic: false }],
    ['the session outlives the grace', { endedMs: GRACE_MS + 5_000 }],
    ['the session was dead all the time', { framesMeanwhile: 0 }],
    ['the reason is another one', { code: 'RIGHTS_ENDED' }],
    ['the reason is a relay’s', { authentic: false }],
    ['nothing works afterwards', { afterwards: 'UNAVAILABLE' }],
  ])('fails when %s', (_, changed) => expect(judgeLoss([{ ...good, ...changed }]).result).toBe('fail'));

  it('fails when nothing was observed', () => expect(judgeLoss([]).result).toBe('fail'));
});

it('the proofs have names of their own, and say what they claim in both languages', () => {
  const names = revocationProofs.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { claim, tried } of revocationProofs) {
    for (const said of [claim, tried]) {
      expect(said.ja).toMatch(/[ぁ-ん]/u);
      expect(said.en).not.toBe('');
    }
  }
});
