import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAgentConfig } from '#agent/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'telework-agent-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const deployed = JSON.parse(readFileSync('deploy/agent.json', 'utf8'));

function webauthnOf(webauthn: unknown) {
  const path = join(folder, 'agent.json');
  writeFileSync(path, JSON.stringify({ ...deployed, webauthn }));
  return readAgentConfig(path).webauthn;
}

describe('webauthn in agent.json', () => {
  it.each<[string, object | undefined]>([
    ['as deployed', deployed.webauthn],
    ['for pages on two ports', { rpId: 'a.jp', origins: ['https://a.jp', 'https://a.jp:8443'] }],
    ['for localhost, with its port', { rpId: 'localhost', origins: ['https://localhost:8443'] }],
    ['left out, so that no passkey can be paired', undefined],
  ])('is taken %s', (_, webauthn) => {
    expect(webauthnOf(webauthn)).toEqual(webauthn);
  });

  it.each<[string, object]>([
    ['no origin', { rpId: 'example.jp', origins: [] }],
    ['an origin of somebody else', { rpId: 'example.jp', origins: ['https://example.com'] }],
    ['an origin below the rpId', { rpId: 'example.jp', origins: ['https://a.example.jp'] }],
    ['an origin above the rpId', { rpId: 'a.example.jp', origins: ['https://example.jp'] }],
    ['an origin without TLS', { rpId: 'example.jp', origins: ['http://example.jp'] }],
    ['an origin with a path', { rpId: 'example.jp', origins: ['https://example.jp/'] }],
    ['an origin with its default port', { rpId: 'example.jp', origins: ['https://example.jp:443'] }],
    ['an origin that is none', { rpId: 'example.jp', origins: ['example.jp'] }],
    ['an rpId with a scheme', { rpId: 'https://example.jp', origins: ['https://example.jp'] }],
    ['an rpId with a port', { rpId: 'example.jp:8443', origins: ['https://example.jp:8443'] }],
    ['no rpId', { origins: ['https://example.jp'] }],
    ['another word', { rpId: 'example.jp', origins: ['https://example.jp'], attestation: 'none' }],
  ])('is refused with %s, in one line', (_, webauthn) => {
    expect(() => webauthnOf(webauthn)).toThrow(/^[^\n]*webauthn[^\n]*$/);
  });
});
