import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerProcess, startBrokerProcess } from '#tests/support/broker-process.ts';
import { run } from '#tests/support/run-script.ts';

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBrokerProcess();
}, 60_000);
afterAll(() => broker.close());

const runBroker = (...args: string[]) =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', 'broker/main.ts', ...args]);

describe('the broker process', () => {
  it('says when it serves, and where', () => {
    expect(broker.running.ready).toEqual({
      ready: true,
      name: 'broker',
      gatewayPort: expect.any(Number),
      agentPort: expect.any(Number),
    });
  });

  it('says in one line what is wrong with its arguments or its configuration', async () => {
    const good = { ...JSON.parse(readFileSync(broker.config, 'utf8')), state: 'other-state' };
    const { state: _, ...stateless } = good;
    const { line: __, ...lineless } = good;
    const taken = { host: '127.0.0.1', port: broker.ports.gateway };
    const cases: [RegExp, object][] = [
      [
        /^broker: .*unknown key "agentSide.forward"$/,
        { ...good, agentSide: { ...good.agentSide, forward: '10.0.0.1' } },
      ],
      [/^broker: .*"state" is missing$/, stateless],
      [/^broker: .*"line" is missing$/, lineless],
      [/^broker: .*"line\.tier": a tier is one of 10Mbps, .*, 1Gbps$/, { ...good, line: { tier: '1Tbps' } }],
      [
        /^broker: port \d+ on 127\.0\.0\.1 is in use by another process$/,
        { ...good, gatewaySide: { ...good.gatewaySide, listen: taken } },
      ],
    ];
    const config = join(broker.dir, 'wrong.json');
    for (const [line, content] of cases) {
      writeFileSync(config, JSON.stringify(content));
      const { exitCode, stdout, stderr } = await runBroker('--config', config);
      const forPeople = stderr.split('\n').filter((one) => one !== '' && !one.startsWith('{'));
      expect(forPeople).toEqual([expect.stringMatching(line)]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    }
    expect(await runBroker()).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^broker: --config/) });
    expect(await runBroker('--help')).toMatchObject({ exitCode: 0, stderr: '' });
  }, 30_000);

  it('anchors its log in the other zones, closes with a code, and exits 0', async () => {
    const gateway = await broker.dial('gateway', '/link');
    const agent = await broker.dial('agent', '/link');
    await broker.running.stop();
    expect(await broker.running.exited).toBe(0);
    for (const peer of [gateway, agent]) {
      expect(peer.of('anchor').at(-1)).toMatchObject({ source: 'broker', sequence: expect.any(Number) });
      expect(await peer.ended()).toBe('UNAVAILABLE');
    }
    const events = broker.audited().map(({ event }) => event);
    expect(events[0]).toBe('process-started');
    expect(events).toContain('gateway-connected');
    expect(events).toContain('process-stopped');
    expect(broker.logged()).not.toMatch(/\bat .*\.ts:\d+/);
  });
});
