// T20: a name that an administrator typed, or a page of somebody else's, gets a foot into ours: as markup, as a script, or as
// a frame around it. What a browser makes of such names is in tests/scenarios/browser-pages.long.test.ts, of such a frame in
// tests/scenarios/other-origin.long.test.ts.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SECURITY_HEADERS } from '#gateway/doors/headers.ts';
import { pageHeaders } from '#gateway/doors/page-headers.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Every way from a string to markup or to a script that a browser has. */
const FROM_STRING =
  /\b(innerHTML|outerHTML|insertAdjacentHTML|setHTML\w*|createContextualFragment|DOMParser|srcdoc|document\.write\w*|new Function|createPolicy)\b|\beval\(|set(?:Timeout|Interval)\(\s*['"`]|['"`]on\w+['"`]\s*[,\]:]|javascript:/;

const sources = execFileSync('git', ['ls-files', '--', 'web'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path.endsWith('.ts'))
  .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const);
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

describe('T20: a name as markup', () => {
  it('has no way to become any: nothing in the page makes elements or scripts of a string', () => {
    const found = sources.filter(([, text]) => FROM_STRING.test(withoutComments(text))).map(([path]) => path);
    expect(found).toEqual([]);
    expect(sources.length).toBeGreaterThan(50);
  });

  it.each([
    'node.innerHTML = name',
    "element('a', { 'onclick': name })",
    'setTimeout("x", 1)',
    "a.href = 'javascript:1'",
  ])('would be found if there were one: %s', (code) => expect(code).toMatch(FROM_STRING));

  it('is refused by the browser as well: no inline script or style, no eval, no policy that makes trusted types', () => {
    const csp = pageHeaders(['https://telework.example.jp'])['Content-Security-Policy'] ?? '';
    expect(csp).toContain("default-src 'none'");
    expect(csp).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
    expect(csp).not.toMatch(/unsafe|\*|blob:/);
  });
});

describe('T20: a frame around the page', () => {
  it.each([
    ['the page', pageHeaders([])],
    ['any other answer', SECURITY_HEADERS],
  ])('is refused to whoever frames %s', (_, headers) => {
    expect(headers['Content-Security-Policy']).toContain("frame-ancestors 'none'");
    expect(headers['Cross-Origin-Opener-Policy']).toBe('same-origin');
    expect(headers['Cross-Origin-Resource-Policy']).toBe('same-origin');
  });
});
