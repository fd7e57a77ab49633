import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type BrokerSpoken, c3Broker } from '#evidence/reachability/c3-broker.ts';
import { c3Grammar } from '#evidence/reachability/c3-grammar.ts';
import { c4Zones, type ZonesSeen } from '#evidence/reachability/c4-zones.ts';
import { d1Wire, type WireSeen } from '#evidence/reachability/d1-wire.ts';
import { grammarOf } from '#evidence/reachability/grammar.ts';
import { c3 } from './runs.ts';

describe('a grammar', () => {
  const of = (schema: z.ZodType) => grammarOf({ it: schema });

  it('names every field, in unions and lists too, with what it may hold', () => {
    const schema = z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('a'), names: z.array(z.string().regex(/^[a-z]{1,9}$/)).max(3) }),
      z.strictObject({ type: z.literal('b'), kind: z.enum(['x', 'y']), count: z.int(), text: z.string().max(9) }),
    ]);
    const { fields, open } = of(schema);
    expect(open).toEqual([]);
    expect(fields.map(({ where, holds }) => `${where}: ${holds}`)).toEqual([
      'it a type: a constant',
      'it a names[]: a name by a pattern',
      'it b type: a constant',
      'it b kind: one of a list',
      'it b count: a number',
      'it b text: free text',
    ]);
  });

  it.each<[string, z.ZodType]>([
    ['an object that takes more fields than it names', z.looseObject({ type: z.literal('a') })],
    ['an object that drops them', z.object({ type: z.literal('a') })],
    ['a text without an end', z.strictObject({ text: z.string() })],
    ['a pattern without an end', z.strictObject({ text: z.string().regex(/^[a-z]+$/) })],
    ['a pattern for a part only', z.strictObject({ text: z.string().regex(/[a-z]{1,9}/) })],
    ['a list without an end', z.strictObject({ list: z.array(z.int()) })],
  ])('is not closed with %s', (_, schema) => {
    expect(of(schema).open).not.toEqual([]);
  });

  it('tells which addresses a field would take', () => {
    const [text] = of(z.strictObject({ text: z.string().max(12) })).fields;
    expect(text?.addresses).toEqual(['10.30.0.30', ...(text?.addresses.slice(1) ?? [])]);
    const [id] = of(z.strictObject({ id: z.string().regex(/^[0-9]{6}\/[a-z]{1,9}$/) })).fields;
    expect(id?.addresses).toEqual([]);
  });

  it('is not guessed where a schema is of a kind that is not known', () => {
    expect(() => of(z.strictObject({ any: z.unknown() }))).toThrow('another kind');
  });
});

describe("the links' grammar", () => {
  it('has no place for a destination: pass', async () => {
    expect(c3Grammar.judge(await c3())).toMatchObject({ result: 'pass' });
  });

  it.each<[string, z.ZodType, string]>([
    ['a field called port', z.strictObject({ port: z.int() }), 'port (its name)'],
    ['a field called proxy_url', z.strictObject({ proxy_url: z.literal('x') }), 'proxy_url (its name)'],
    ['a free text', z.strictObject({ note: z.string().max(80) }), 'takes 10.30.0.30'],
    [
      'a pattern that an address fits',
      z.strictObject({ note: z.string().regex(/^[0-9.]{1,20}$/) }),
      'takes 10.30.0.30',
    ],
    ['an open object', z.looseObject({ type: z.literal('a') }), 'no end'],
  ])('%s: fail', async (_, schema, why) => {
    const good = await c3();
    const { result, seen } = c3Grammar.judge({ ...good, grammar: grammarOf({ bad: schema }) });
    expect(result).toBe('fail');
    expect(seen.en).toContain(why);
  });

  it('nothing to look at, or a control that was not found: fail', async () => {
    const good = await c3();
    expect(c3Grammar.judge({ ...good, grammar: { fields: [], open: [] } }).result).toBe('fail');
    expect(c3Grammar.judge({ ...good, control: { fields: [], open: [] } }).seen.en).toContain('shows nothing');
  });
});

describe('a running broker', () => {
  const said = [
    { about: 'none', ended: null },
    { about: 'host', ended: 'PROTOCOL_ERROR' },
  ];
  const good: BrokerSpoken = { spoken: { agent: said, gateway: said }, malformed: 2 };

  it('cuts links and audits it: pass', () => {
    expect(c3Broker.judge(good).result).toBe('pass');
  });

  it.each<[string, Partial<BrokerSpoken>, string]>([
    [
      'a message taken',
      { spoken: { agent: said, gateway: [...said, { about: 'port', ended: null }] }, malformed: 3 },
      'port',
    ],
    [
      'a cut for another reason',
      { spoken: { agent: said, gateway: [...said, { about: 'url', ended: 'UNAVAILABLE' }] }, malformed: 3 },
      'url',
    ],
    [
      'a good message refused',
      { spoken: { agent: said, gateway: [{ about: 'none', ended: 'PROTOCOL_ERROR' }] } },
      'good messages',
    ],
    [
      'nothing bad tried',
      { spoken: { agent: said.slice(0, 1), gateway: said.slice(0, 1) }, malformed: 0 },
      'shows nothing',
    ],
    ['no word in the audit log', { malformed: 1 }, '1 were audited'],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen } = c3Broker.judge({ ...good, ...bad });
    expect(result).toBe('fail');
    expect(seen.en).toContain(why);
  });
});

describe('certificates at the doors of other zones', () => {
  const OWN = {
    'gateway, public': 'user-client',
    'gateway, administration': 'admin-client',
    'broker, for gateways': 'hop-client',
    'broker, for agents': 'agent-client',
  } as const;
  const all = [...Object.values(OWN), 'gateway-server', 'hop-server', 'agent-server', 'admin-server'];
  const cellsOf = (own: string) => [
    { certificate: 'none', chain: false, status: 403, code: 'CERTIFICATE_REQUIRED' },
    ...all.flatMap((certificate) =>
      [false, true].map((chain) => ({ certificate, chain, status: certificate === own ? 404 : 403, code: '' })),
    ),
  ];
  const taken = Object.fromEntries(
    Object.entries(OWN).map(([listener, own]) => [listener, cellsOf(own)]),
  ) as unknown as ZonesSeen['taken'];
  const good: ZonesSeen = { taken, audited: 4 * 15 };
  const changed = (status: number | null, certificate: string): ZonesSeen => ({
    ...good,
    taken: {
      ...taken,
      'broker, for agents': taken['broker, for agents'].map((cell) =>
        cell.certificate === certificate && cell.chain ? { ...cell, status } : cell,
      ),
    },
  });

  it('open their own alone: pass', () => {
    const { result, seen } = c4Zones.judge(good);
    expect(result).toBe('pass');
    expect(seen.en).toContain('of 68 combinations only the 8');
  });

  it.each<[string, ZonesSeen, string]>([
    ["the gateway's at the agents' door, with its chain", changed(404, 'hop-client'), 'hop-client with its chain'],
    ['the right one refused', changed(403, 'agent-client'), 'right certificate did not get in'],
    ['the right one without an answer', changed(null, 'agent-client'), 'right certificate did not get in'],
    ['combinations left out', { ...good, taken: { ...taken, 'gateway, public': [] } }, 'left out'],
    ['refusals that were not audited', { ...good, audited: 10 }, '10 were audited'],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen } = c4Zones.judge(bad);
    expect(result).toBe('fail');
    expect(seen.en).toContain(why);
  });

  it('without a certificate let in: fail', () => {
    const none = taken['gateway, public'].map((cell) =>
      cell.certificate === 'none' ? { ...cell, status: 200 } : cell,
    );
    expect(c4Zones.judge({ ...good, taken: { ...taken, 'gateway, public': none } }).result).toBe('fail');
  });

  it('cut in TLS without an answer counts as refused', () => {
    expect(c4Zones.judge(changed(null, 'hop-client')).result).toBe('pass');
  });
});

describe('the bytes on the hops', () => {
  const one = { name: 'a → b tcp 443', version: 0x0304, suite: 0x1302, sealed: 9, bytes: 5_000, clear: 0, wrong: '' };
  const good: WireSeen = {
    hops: { 'internet-gateway': [one], 'gateway-broker': [one, one], 'broker-firewall': [one] },
    missed: 0,
  };
  const with_ = (change: Partial<typeof one>): WireSeen => ({
    ...good,
    hops: { ...good.hops, 'gateway-broker': [one, { ...one, ...change }] },
  });

  it('are TLS 1.3 alone: pass', () => {
    expect(d1Wire.judge(good)).toMatchObject({
      result: 'pass',
      seen: { en: expect.stringContaining('4 connections') },
    });
  });

  it.each<[string, WireSeen, string]>([
    ['something else', with_({ wrong: 'no TLS record at byte 0' }), 'not TLS: '],
    ['TLS 1.2', with_({ version: 0x0303 }), 'not TLS 1.3'],
    ['ChaCha20', with_({ suite: 0x1303 }), 'another suite'],
    ['a record in clear', with_({ clear: 1 }), 'in clear'],
    ['a hop without anything', { ...good, hops: { ...good.hops, 'broker-firewall': [] } }, 'broker-firewall'],
    ['a capture that missed packets', { ...good, missed: 3 }, 'missed 3'],
  ])('%s: fail', (_, bad, why) => {
    const { result, seen } = d1Wire.judge(bad);
    expect(result).toBe('fail');
    expect(seen.en).toContain(why);
  });
});
