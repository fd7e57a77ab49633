import { describe, expect, it } from 'vitest';
import { otherOrigins, ownOrigins, requirePageOf } from '#gateway/doors/origins.ts';
import { pageHeaders } from '#gateway/doors/page-headers.ts';

/** As Node writes it. */
const certificate = {
  subjectAltName: 'DNS:A.example.jp, IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1, IP Address:0:0:0:0:0:0:0:1',
};

describe('the own origins', () => {
  it('are every name and address of the certificate, in the form that browsers send', () => {
    expect(ownOrigins(certificate, 443)).toEqual([
      ...['https://a.example.jp', 'https://127.0.0.1', 'https://[2001:db8::1]', 'https://[::1]'],
    ]);
    for (const origin of ownOrigins(certificate, 8443)) expect(new URL(origin).origin).toBe(origin);
  });

  it('make a page at an IPv6 address of the certificate no other one', () => {
    const elsewhere = 'https://[2001:db8::2]';
    expect(otherOrigins(['https://[2001:db8::1]:8443', elsewhere], certificate)).toEqual([elsewhere]);
  });

  it('are none where the certificate has nothing of the kind', () => {
    for (const subjectAltName of [undefined, 'URI:urn:x', 'DNS:"a, IP Address:::1"', 'IP Address:<invalid>'])
      expect(ownOrigins({ subjectAltName }, 443)).toEqual([]);
  });

  it('stand in the page’s policy, but for those that a policy cannot name', () => {
    const policy = pageHeaders(ownOrigins(certificate, 443))['Content-Security-Policy'];
    const connect = 'https://a.example.jp wss://a.example.jp https://127.0.0.1 wss://127.0.0.1';
    expect(policy).toContain(`connect-src 'self' ${connect};`);
  });
});

describe('the host name that passkeys are bound to', () => {
  it.each(['a.example.jp', 'example.jp', 'b.example.com'])('is a page’s own, or a parent of it: %s', (rpId) => {
    expect(() => requirePageOf(rpId, 'webauthn.rpId', ['https://b.example.com:8443'], certificate)).not.toThrow();
  });

  it.each(['example.com.evil', 'ample.jp', 'x.a.example.jp'])(
    'stops the start where no page could use it: %s',
    (rpId) => {
      expect(() => requirePageOf(rpId, 'webauthn.rpId', [], certificate)).toThrow(
        /^webauthn\.rpId: ".*" is neither a page's host name nor a parent of one \(a\.example\.jp, /,
      );
    },
  );
});
