// The folder split is the trust boundary; this proves it over every import of every file, however many steps away.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { graphOf, readSources } from './support/import-graph.ts';
import { violations } from './support/import-rules.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ALIASES = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')).imports;

const graph = graphOf(readSources(ROOT), ALIASES);

/** What the rules say about a small made-up project. */
function judge(sources: Record<string, string>): string[] {
  return violations(graphOf(new Map(Object.entries(sources)), ALIASES));
}

describe('the architecture', () => {
  it('was really read: every process and both halves of the protocol are in the graph', () => {
    for (const file of [
      'gateway/main.ts',
      'broker/main.ts',
      'agent/main.ts',
      'protocol/inner/channel.ts',
      'protocol/outer/grant.ts',
    ]) {
      expect(graph.get(file)?.files.length, file).toBeGreaterThan(0);
    }
    expect(graph.get('agent/desktop/office/open.ts')?.files).toContain('agent/desktop/office/worker.ts');
  });

  it('holds in every file', () => {
    expect(violations(graph)).toEqual([]);
  });
});

describe('the rules about imports', () => {
  it('pass a project that keeps them', () => {
    expect(
      judge({
        'protocol/bytes.ts': "import * as z from 'zod'; export const b = z;",
        'protocol/outer/grant.ts': "import { b } from '../bytes.ts'; import 'jose'; export const g = b;",
        'protocol/inner/keys.ts': "import { b } from '../bytes.ts'; export const k = b;",
        'platform/hop.ts': "import '#protocol/outer/grant.ts'; import 'node:tls';",
        'gateway/main.ts': "import '#platform/hop.ts';",
        'agent/main.ts': "import '#protocol/inner/keys.ts'; import '#platform/hop.ts';",
        'tests/gateway/main.test.ts': "import '#protocol/inner/keys.ts'; import '#gateway/main.ts';",
      }),
    ).toEqual([]);
  });

  const inner = { 'protocol/inner/keys.ts': 'export type K = 1; export const k = 1;' };

  it.each([
    ['import', "import { k } from '#protocol/inner/keys.ts';"],
    ['import for its effect', "import '../protocol/inner/keys.ts';"],
    ['import of a type', "import type { K } from '#protocol/inner/keys.ts';"],
    ['inline type', "export type T = import('#protocol/inner/keys.ts').K;"],
    ['export', "export { k } from '#protocol/inner/keys.ts';"],
    ['export of everything', "export * from '#protocol/inner/keys.ts';"],
    ['dynamic import', "await import('#protocol/inner/keys.ts');"],
    ['worker', "new Worker(new URL('../protocol/inner/keys.ts', import.meta.url));"],
    ['require', "createRequire(import.meta.url)('../protocol/inner/keys.ts');"],
  ])('find a forbidden %s', (_, source) => {
    for (const relay of ['gateway', 'broker']) {
      expect(judge({ ...inner, [`${relay}/relay.ts`]: source }).join('\n')).toMatch(
        /relay\.ts imports protocol\/inner\/keys\.ts: \w+ may not import protocol\/inner; a relay never learns/,
      );
    }
  });

  it('find what is reached over many steps, and show the way', () => {
    const found = judge({
      ...inner,
      'gateway/relay.ts': "import './pump.ts';",
      'gateway/pump.ts': "import '#platform/hop.ts';",
      'platform/hop.ts': "import './deep.ts';",
      'platform/deep.ts': "import '#protocol/inner/keys.ts';",
    });
    expect(found.find((line) => line.startsWith('gateway/relay.ts'))).toMatch(
      /^gateway\/relay\.ts → gateway\/pump\.ts → platform\/hop\.ts → platform\/deep\.ts → protocol\/inner\/keys\.ts: gateway never reaches/,
    );
  });

  it.each([
    ['a computed import', { 'gateway/a.ts': 'await import(process.argv[2]);' }, /cannot be checked/],
    ['a computed worker', { 'agent/a.ts': 'new Worker(new URL(name, import.meta.url));' }, /cannot be checked/],
    ['a file that does not exist', { 'agent/a.ts': "import './b.ts';" }, /does not exist/],
    ['a folder that is not planned', { 'utils/a.ts': '' }, /stands in no folder/],
    [
      'a process in another',
      { 'agent/a.ts': "import '#broker/b.ts';", 'broker/b.ts': '' },
      /agent may not import broker/,
    ],
    ['a test in a program', { 'agent/a.ts': "import '#tests/b.ts';", 'tests/b.ts': '' }, /nobody imports tests/],
    ['an imported main file', { 'lab/a.ts': "import '#lab/main.ts';", 'lab/main.ts': '' }, /a main file only wires/],
    ['a process in the lab', { 'lab/a.ts': "import '#agent/a.ts';", 'agent/a.ts': '' }, /lab may not import agent/],
    ['node: in the protocol', { 'protocol/a.ts': "import 'node:fs';" }, /protocol is pure/],
    ['a socket in the protocol', { 'protocol/outer/a.ts': "import 'ws';" }, /protocol is pure/],
    [
      'a clock in the protocol',
      { 'protocol/inner/a.ts': 'export const t = Date.now();' },
      /uses Date: protocol is pure/,
    ],
    ['a timer in the protocol', { 'protocol/a.ts': 'setTimeout(() => {}, 1);' }, /uses setTimeout/],
    ['randomness in the protocol', { 'protocol/a.ts': 'crypto.getRandomValues(x);' }, /uses crypto/],
    [
      'node: behind the page',
      {
        'web/core/a.ts': "import '#protocol/inner/cipher-node.ts';",
        'protocol/inner/cipher-node.ts': "import 'node:crypto';",
      },
      /web\/core\/a\.ts → protocol\/inner\/cipher-node\.ts: uses a node: module/,
    ],
    [
      'a cycle',
      {
        'agent/a.ts': "import './b.ts';",
        'agent/b.ts': "import './c.ts';",
        'agent/c.ts': "import type { X } from './a.ts';",
      },
      /agent\/a\.ts → agent\/b\.ts → agent\/c\.ts → agent\/a\.ts: a cycle/,
    ],
  ])('find %s', (_, sources, expected) => {
    expect(judge(sources).join('\n')).toMatch(expected);
  });

  it('take a member that is named like a clock for what it is', () => {
    expect(judge({ 'protocol/a.ts': 'export const a = { Date: 1, ...b.process }; export const c = a.Date;' })).toEqual(
      [],
    );
  });
});
