// The key "metrics" of the three processes, in the configuration files that are deployed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readBrokerConfig } from '#broker/config.ts';
import { readGatewayConfig } from '#gateway/config.ts';
import { readAgentConfig } from '../../../agent/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'telework-metrics-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const deployed = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../../deploy/${name}.json`), 'utf8'));

function written(name: string, changed: object): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify({ ...deployed(name), ...changed }));
  return path;
}

const READERS = { gateway: readGatewayConfig, broker: readBrokerConfig, agent: readAgentConfig };

describe.each(Object.entries(READERS))('%s.json', (name, read) => {
  it.each(['0.0.0.0', '::', '192.0.2.10', 'localhost'])('refuses to serve metrics on %s', (host) => {
    expect(() => read(written(name, { metrics: { host, port: 9464 } }))).toThrow(
      `${name}.json: "metrics.host": metrics stay on this host: only 127.0.0.1 or ::1, as a literal address`,
    );
  });

  it('serves them on loopback if asked to, and does not need to', () => {
    const metrics = { host: '127.0.0.1', port: 0 };
    expect(read(written(name, { metrics })).metrics).toEqual(metrics);
    expect(read(written(name, { metrics: undefined })).metrics).toBeUndefined();
  });

  it('says which key of it is wrong', () => {
    const at = (metrics: object) => () => read(written(name, { metrics }));
    expect(at({ host: '127.0.0.1' })).toThrow('"metrics.port" is missing');
    expect(at({ host: '127.0.0.1', port: 70_000 })).toThrow('"metrics.port"');
    expect(at({ host: '127.0.0.1', port: 1, path: '/m' })).toThrow('unknown key "metrics.path"');
  });
});

describe('agent.json as it is deployed', () => {
  it('lets nothing listen at all', () => {
    expect(deployed('agent').metrics).toBeUndefined();
  });
});
