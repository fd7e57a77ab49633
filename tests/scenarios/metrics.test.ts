// All three processes during one real session: what they tell is what the client received, and the meter bills it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '#lab/process.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import { METRICS, NODE_METRICS, type ProcessName } from '#platform/metrics/table.ts';
import { Lane } from '#protocol/outer/lanes.ts';
import { ask, type Sample, scrape, valueIn } from '#tests/support/exposition.ts';
import { connectInProcess, type InProcessClient, type View } from '#tests/support/in-process-client.ts';
import { useSystem } from '#tests/support/system.ts';

const PROCESSES: readonly ProcessName[] = ['gateway', 'broker', 'agent'];
const WAIT = { timeout: 15_000, interval: 50 };

describe('metrics and meter during a session', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  let client: InProcessClient;
  let view: View;
  /** Records in the order in which they passed the client's WebSocket. */
  const passed: Record<'inward' | 'outward', { lane: number; bytes: number }[]> = { inward: [], outward: [] };
  const note = (direction: 'inward' | 'outward', record: Uint8Array) =>
    void passed[direction].push({ lane: record[1] as number, bytes: record.length });

  const port = (name: ProcessName) => Number(up.system.processes[name].ready.metricsPort);
  const read = (name: ProcessName) => scrape(port(name));
  const relayed = (samples: Sample[], what: string, direction: string) =>
    Object.fromEntries(
      samples
        .filter(({ name, labels }) => name === `telework_relayed_${what}_total` && labels.direction === direction)
        .map(({ labels, value }) => [labels.lane, value]),
    );
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0);
  const byLane = (records: { lane: number; bytes: number }[], value: (of: { bytes: number }) => number) =>
    Object.fromEntries(
      Object.entries(Lane)
        .map(([name, lane]) => [name, sum(records.filter((one) => one.lane === lane).map(value))])
        .filter(([, total]) => total !== 0),
    );

  const nobodyWorks = () =>
    vi.waitFor(async () => {
      const samples = (await Promise.all(PROCESSES.map(read))).flat();
      const live = samples.filter(({ name }) => name === 'telework_sessions_live');
      expect(sum(live.map(({ value }) => value))).toBe(0);
    }, WAIT);

  beforeAll(async () => {
    client = await connectInProcess(up.system, up.tanaka);
    const { dial } = client.around;
    Object.assign(client.around, {
      async dial(...given: Parameters<typeof dial>) {
        const socket = await dial(...given);
        const { listen, sendRecord } = socket;
        socket.listen = (handlers) =>
          listen.call(socket, {
            ...handlers,
            ...(handlers.record
              ? {
                  record(record: Uint8Array) {
                    note('outward', record);
                    handlers.record?.(record);
                  },
                }
              : {}),
          });
        socket.sendRecord = (record) => {
          note('inward', record);
          sendRecord.call(socket, record);
        };
        return socket;
      },
    });
    view = await client.open(up.system.desktops[0] as string);
    await view.picture.complete;
  }, 60_000);
  afterAll(() => client?.close());

  it('have of each process exactly the rows of the closed list, with their types, labels and help', async () => {
    for (const name of PROCESSES) {
      const { text } = await ask(port(name), '/metrics');
      const rows = Object.entries(METRICS).filter(([, { of }]) => (of as readonly ProcessName[]).includes(name));
      const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, metric, type]) => [metric, type]);
      const ours = types.filter(([metric]) => metric?.startsWith('telework_'));
      expect(new Map(ours as [string, string][])).toEqual(new Map(rows.map(([metric, { type }]) => [metric, type])));
      const others = types.map(([metric]) => metric).filter((metric) => !metric?.startsWith('telework_'));
      expect(new Set(others)).toEqual(new Set(NODE_METRICS));
      for (const [metric, { help, labels, type }] of rows) {
        expect(text).toContain(`# HELP ${metric} ${help}\n`);
        const own = (await read(name)).filter(
          (one) => one.name.replace(/_(bucket|sum|count)$/, '') === metric || one.name === metric,
        );
        for (const one of own) {
          const found = Object.keys(one.labels).filter((label) => !(type === 'histogram' && label === 'le'));
          expect(found.sort(), metric).toEqual([...labels].sort());
        }
      }
    }
  });

  it('show the session at all three, the links, and nothing that names a person, a session or a desktop', async () => {
    const [gateway, broker, agent] = (await Promise.all(PROCESSES.map(read))) as [Sample[], Sample[], Sample[]];
    for (const samples of [gateway, broker, agent]) {
      expect(valueIn(samples, 'telework_sessions_live', { municipality: MUNICIPALITY })).toBe(1);
      expect(valueIn(samples, 'telework_sessions_opening')).toBe(0);
      expect(valueIn(samples, 'telework_audit_healthy')).toBe(1);
      for (const { labels } of samples) {
        for (const text of Object.values(labels))
          expect(text).not.toMatch(/tanaka|田中|pc-01|soumu|[0-9a-f]{32}|127\.0\.0\.1/);
      }
    }
    expect(valueIn(gateway, 'telework_sign_ins_total', { factor: 'totp', outcome: 'succeeded' })).toBe(1);
    expect(valueIn(gateway, 'telework_control_links', { peer: 'broker' })).toBe(1);
    expect(valueIn(broker, 'telework_control_links', { peer: 'gateway' })).toBe(1);
    expect(valueIn(broker, 'telework_control_links', { peer: 'agent' })).toBe(1);
    expect(valueIn(broker, 'telework_desktops_online', { municipality: MUNICIPALITY })).toBe(1);
    expect(valueIn(broker, 'telework_line_bytes_per_second', { direction: 'outward' })).toBe(125_000_000);
    expect(valueIn(agent, 'telework_window_bytes')).toBeGreaterThan(0);
    expect(valueIn(agent, 'telework_round_trip_seconds', { of: 'worst' })).toBeGreaterThan(0);
    expect(valueIn(agent, 'telework_encoded_tiles_total')).toBeGreaterThanOrEqual(240);
    for (const [files, of] of [
      ['clients', gateway],
      ['broker', gateway],
      ['gateways', broker],
      ['agents', broker],
      ['broker', agent],
    ] as const) {
      const left = valueIn(of, 'telework_valid_seconds', { files, what: 'revocations' });
      expect(left).toBeGreaterThan(6 * 86_400);
      expect(left).toBeLessThanOrEqual(7 * 86_400);
    }
  });

  // A desktop never rests: what is on its way while we ask is left out by comparing as many records as were counted. Their
  // order is one and the same at every hop.
  it.each(['outward', 'inward'] as const)('count %s, record by record, what passed the client', async (direction) => {
    for (const name of ['gateway', 'broker'] as const) {
      const samples = await read(name);
      const count = sum(Object.values(relayed(samples, 'records', direction)));
      await vi.waitFor(() => expect(passed[direction].length).toBeGreaterThanOrEqual(count), WAIT);
      const same = passed[direction].slice(0, count);
      expect(relayed(samples, 'records', direction)).toEqual(byLane(same, () => 1));
      expect(relayed(samples, 'bytes', direction)).toEqual(byLane(same, ({ bytes }) => bytes));
      expect(count).toBeGreaterThan(16);
      if (name === 'broker') {
        // Each record waits for its turn once, however short.
        const waited = valueIn(samples, 'telework_queue_age_seconds_count', { direction });
        expect(waited).toBeLessThanOrEqual(count);
        expect(waited).toBeGreaterThan(0.9 * count);
      }
      expect(valueIn(samples, 'telework_relay_residence_seconds_count', { direction })).toBeGreaterThan(0);
    }
  });

  it('say how it ended, and that nobody works any more', async () => {
    view.session.end();
    await view.ended;
    await nobodyWorks();
    const agent = await read('agent');
    expect(valueIn(agent, 'telework_session_ends_total', { code: 'ENDED' })).toBe(1);
    expect(valueIn(agent, 'telework_screen_updates_total')).toBeGreaterThan(0);
  });

  const meter = async (...args: string[]) => {
    const { code, stdout, stderr } = await run('broker/meter.ts', ['--json', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { rows } = JSON.parse(stdout);
    return rows;
  };

  it('are what npm run meter bills, to the byte, also after the broker was killed and started anew', async () => {
    const broker = await read('broker');
    const line = (direction: string) =>
      valueIn(broker, 'telework_line_sent_bytes_total', { municipality: MUNICIPALITY, direction });
    const [row, ...more] = await meter('--socket', up.system.sockets.broker);
    expect(more).toEqual([]);
    // The pairing of the device was a session, too.
    expect(row).toMatchObject({ municipality: MUNICIPALITY, sessions: 2 });
    expect([row.inward.wireBytes, row.outward.wireBytes]).toEqual([line('inward'), line('outward')]);
    const relayedBytes = sum(Object.values(relayed(broker, 'bytes', 'outward')));
    expect(row.outward.payloadBytes).toBeLessThanOrEqual(relayedBytes);
    expect(row.outward.payloadBytes).toBeGreaterThanOrEqual(sum(passed.outward.map(({ bytes }) => bytes)));
    expect(row.sessionSeconds).toBeGreaterThan(0);
    up.system.processes.broker.kill();
    await up.system.processes.broker.exited;
    const config = join(up.system.folder, 'broker', 'broker.json');
    expect(await meter('--config', config)).toEqual([row]);
    await up.system.restart('broker');
    expect(await meter('--socket', up.system.sockets.broker)).toEqual([row]);
  });

  it('go on counting where the killed broker left off', async () => {
    const [before] = await meter('--socket', up.system.sockets.broker);
    await vi.waitFor(async () => {
      expect(valueIn(await read('gateway'), 'telework_control_links', { peer: 'broker' })).toBe(1);
      expect(valueIn(await read('broker'), 'telework_control_links', { peer: 'agent' })).toBe(1);
    }, WAIT);
    const again = await vi.waitFor(() => client.open(up.system.desktops[0] as string), WAIT);
    await again.picture.complete;
    again.session.end();
    await again.ended;
    await nobodyWorks();
    const [after] = await meter('--socket', up.system.sockets.broker);
    const wire = valueIn(await read('broker'), 'telework_line_sent_bytes_total', {
      municipality: MUNICIPALITY,
      direction: 'outward',
    });
    expect(after.sessions).toBe(before.sessions + 1);
    expect(after.outward.wireBytes).toBe(before.outward.wireBytes + wire);
    expect(readFileSync(join(up.system.folder, 'log', 'broker.log'), 'utf8')).not.toContain('USAGE CANNOT BE WRITTEN');
  });
});
