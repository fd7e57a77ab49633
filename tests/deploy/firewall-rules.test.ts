// The published rules fit the configuration files beside them, and nft takes them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressesOf, NAMES } from '#lab/deployment-plan.ts';
import { commandOn } from '#lab/host-command.ts';
import { layNetwork } from '#lab/namespaces.ts';
import { ROOT } from '#lab/process.ts';
import { needs, needsRoot } from '#tests/support/need.ts';

const FOLDER = join(ROOT, 'deploy/nftables');
const FILES = readdirSync(FOLDER);
const textOf = (file: string) => readFileSync(join(FOLDER, file), 'utf8');
const configOf = (name: string) => JSON.parse(readFileSync(join(ROOT, 'deploy', `${name}.json`), 'utf8'));

const defined = (file: string, name: string) => new RegExp(`^define ${name} = (.*)$`, 'm').exec(textOf(file))?.[1];

describe.each(FILES)('%s', (file) => {
  const lines = textOf(file)
    .split('\n')
    .map((line) => line.trim());

  it('drops at every hook what it does not name', () => {
    const hooks = lines.filter((line) => line.startsWith('type '));
    expect(hooks.length).toBe(3);
    for (const hook of hooks) expect(hook).toMatch(/^type filter hook \w+ priority filter; policy drop;$/);
  });

  it('accepts nothing without a condition on where it comes from or to what it belongs, and rewrites no address', () => {
    const accepting = lines.filter((line) => line.endsWith('accept'));
    expect(accepting.length).toBeGreaterThan(2);
    for (const line of accepting) expect(line).toMatch(/^(?:iifname|oifname|ct state established|ip6 hoplimit 255) ?/);
    expect(textOf(file)).not.toMatch(/\b(?:[sd]?nat|masquerade|redirect|tproxy|untracked|invalid)\b/);
  });
});

describe('the addresses in the rules', () => {
  it('are those of the configuration files', () => {
    const [gateway, broker, agent] = [configOf('gateway'), configOf('broker'), configOf('agent')];
    expect(defined('gateway.nft', 'PUBLIC')).toBe(gateway.listen.host);
    expect(gateway.enrolment.listen).toEqual({ host: gateway.listen.host, port: 8443 });
    expect(defined('gateway.nft', 'ADMINISTRATION')).toBe(gateway.administration.listen.host);
    expect(defined('gateway.nft', 'BROKER')).toBe(broker.gatewaySide.listen.host);
    expect(defined('broker.nft', 'FOR_GATEWAYS')).toBe(broker.gatewaySide.listen.host);
    expect(defined('broker.nft', 'FOR_AGENTS')).toBe(broker.agentSide.listen.host);
    expect(defined('firewall.nft', 'BROKER')).toBe(broker.agentSide.listen.host);
    const nameOf = (url: string) => new URL(url).hostname as keyof typeof NAMES;
    expect(NAMES[nameOf(gateway.broker.url)]).toBe(broker.gatewaySide.listen.host);
    expect(NAMES[nameOf(agent.broker.url)]).toBe(broker.agentSide.listen.host);
    expect(NAMES[nameOf(gateway.origins[0])]).toBe(gateway.listen.host);
  });

  it('stand in each rule that opens a port, beside its device: the weak host model (C1)', () => {
    for (const file of ['gateway.nft', 'broker.nft']) {
      const [input = ''] = /chain input \{[^}]*(?:\{[^}]*\}[^}]*)*?\n\t\}/.exec(textOf(file)) ?? [];
      const opening = input.split('\n').filter((line) => line.includes('ct state new'));
      expect(opening).toHaveLength(2);
      for (const line of opening) expect(line).toMatch(/iifname \$\w+ (?:ip saddr \$\w+ )?ip daddr \$\w+ tcp dport/);
    }
  });

  it("are those of the lab's hosts, and of the table in deploy/README.md", () => {
    expect(defined('broker.nft', 'GATEWAYS')).toBe('{ 192.0.2.10 }');
    expect(addressesOf('gateway')).toContain('192.0.2.10');
    for (const file of ['broker.nft', 'firewall.nft']) expect(defined(file, 'AGENTS')).toBe('{ 10.30.0.0/24 }');
    expect(addressesOf('lgwan')).toContain('10.30.0.30');
    const table = readFileSync(join(ROOT, 'deploy/README.md'), 'utf8');
    for (const address of ['203.0.113.10', '10.20.0.10', '192.0.2.20', '198.51.100.20', '10.30.0.30']) {
      expect(table).toContain(address);
    }
  });
});

describe.skipIf(!(needs('ip', 'nft') && needsRoot()))('nft', () => {
  it('takes every file, twice in a row as well', () => {
    const network = layNetwork({ host: {} }, [], {});
    try {
      for (const file of FILES) {
        const load = (...options: string[]) =>
          commandOn(network.on('host'), 'nft', [...options, '-f', join(FOLDER, file)]);
        load('-c');
        load();
        const once = commandOn(network.on('host'), 'nft', ['list', 'ruleset']);
        load();
        expect(commandOn(network.on('host'), 'nft', ['list', 'ruleset'])).toBe(once);
      }
    } finally {
      network.remove();
    }
  });
});
