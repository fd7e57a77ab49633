import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { metricsSchema, serveMetrics } from '#platform/metrics/listener.ts';
import { Metrics } from '#platform/metrics/metrics.ts';
import { ask, parseExposition } from '#tests/support/exposition.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const logged: string[] = [];
const log = { error: (line: string) => void logged.push(line) } as Parameters<typeof serveMetrics>[2];

async function serve(metrics = new Metrics('gateway')) {
  const served = await serveMetrics({ host: '127.0.0.1', port: 0 }, metrics, log);
  opened.push(served);
  return served.port;
}

describe('the listener of the metrics', () => {
  it('answers GET /metrics in the text format', async () => {
    const metrics = new Metrics('gateway');
    metrics.gauge('telework_sessions_opening', () => 7);
    const { status, headers, text } = await ask(await serve(metrics), '/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(parseExposition(text)).toContainEqual({ name: 'telework_sessions_opening', labels: {}, value: 7 });
  });

  it.each([
    ['GET', '/'],
    ['GET', '/metrics/'],
    ['GET', '/metrics?name[]=x'],
    ['GET', '/METRICS'],
    ['GET', '/healthz'],
    ['GET', 'http://127.0.0.1/metrics'],
    ['HEAD', '/metrics'],
    ['POST', '/metrics'],
    ['DELETE', '/metrics'],
    ['OPTIONS', '*'],
  ])('answers %s %s with 404', async (method, path) => {
    expect((await ask(await serve(), path, { method })).status).toBe(404);
  });

  it('answers only to a loopback name, so that no web page can make its own name point here', async () => {
    const port = await serve();
    const status = async (host: string) => (await ask(port, '/metrics', { headers: { host } })).status;
    expect(await status('evil.example')).toBe(404);
    expect(await status(`evil.example:${port}`)).toBe(404);
    expect(await status('127.0.0.1.evil.example')).toBe(404);
    expect(await status('192.0.2.1')).toBe(404);
    expect(await status(`localhost:${port}`)).toBe(200);
    expect(await status('[::1]:9464')).toBe(200);
  });

  it('says 500 and one line in the log when a value cannot be read, and goes on', async () => {
    const metrics = new Metrics('gateway');
    let broken = true;
    metrics.gauge('telework_sessions_opening', () => {
      if (broken) throw new Error('no such thing');
      return 1;
    });
    const port = await serve(metrics);
    expect(await ask(port, '/metrics')).toMatchObject({ status: 500, text: 'metrics could not be collected\n' });
    expect(logged.at(-1)).toMatch(/^metrics could not be collected: .*no such thing/);
    broken = false;
    expect((await ask(port, '/metrics')).status).toBe(200);
  });

  it('holds eight connections at most; one more is turned away', async () => {
    const port = await serve();
    const sockets = Array.from({ length: 9 }, () => connect(port, '127.0.0.1'));
    await Promise.race(
      sockets.map((socket) => new Promise((resolve) => socket.on('error', resolve).on('close', resolve))),
    );
    expect(sockets.filter((socket) => !socket.destroyed).length).toBe(8);
    for (const socket of sockets) socket.destroy();
  });

  it('fails in one line when the port is taken', async () => {
    const port = await serve();
    await expect(serveMetrics({ host: '127.0.0.1', port }, new Metrics('agent'), log)).rejects.toThrow(
      `port ${port} on 127.0.0.1 is in use by another process`,
    );
  });
});

describe('the configuration of the metrics', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1'])('takes %s', (host) => {
    expect(metricsSchema.parse({ host, port: 9464 })).toEqual({ host, port: 9464 });
  });

  it.each(['0.0.0.0', '::', '192.0.2.10', 'localhost', '127.0.0.1.example.jp', '127.0.0', '', '::ffff:192.0.2.1'])(
    'refuses %j',
    (host) => {
      const [issue] = metricsSchema.safeParse({ host, port: 9464 }).error?.issues ?? [];
      expect(issue?.message).toBe('metrics stay on this host: only 127.0.0.1 or ::1, as a literal address');
    },
  );

  it('may be left out: then nothing listens', () => {
    expect(metricsSchema.parse(undefined)).toBeUndefined();
  });
});
