// The contracted line as a teleworker meets it: a film on a whole real system whose broker keeps to 10 Mbps, and a
// contract that changes while he looks on.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Contract } from '#broker/shaping/contract.ts';
import { bytesPerSecondOf, TIERS, type TierLabel } from '#broker/tiers.ts';
import { startRecordingVnc } from '#lab/recording-vnc.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import { RELAY_QUEUE_MAX_BYTES } from '#protocol/limits.ts';
import { audited } from '#tests/support/audited.ts';
import { connectInProcess, type InProcessClient, type View } from '#tests/support/in-process-client.ts';
import { useSystem } from '#tests/support/system.ts';
import { alive, idle, PROCESSES } from '#tests/support/watched-system.ts';

const FILM = `${MUNICIPALITY}/soumu/film`;
const MEASURE_MS = 3_000;
/** What may go at once, and what the kernels had already taken when the while began. */
const burst = (tier: TierLabel) =>
  new Contract({ tier, municipalities: {}, others: { ceiling: 1 } }).burstBytes + RELAY_QUEUE_MAX_BYTES;

const film = await startRecordingVnc({ width: 1024, height: 768, film: true });
afterAll(() => film.close());

describe('a line of 10 Mbps', () => {
  const under = useSystem(() => [{ name: 'film', kind: 'vnc', address: film.address }], { tier: '10Mbps' });
  let client: InProcessClient;
  let view: View;
  /** Of the screen alone; what carries it comes on top. */
  let screenBytes = 0;

  beforeAll(async () => {
    client = await connectInProcess(under.system, under.tanaka);
    view = await client.open(FILM);
    const push = view.picture.push.bind(view.picture);
    view.picture.push = (bytes) => {
      screenBytes += bytes.length;
      return push(bytes);
    };
    await view.picture.complete;
  });
  afterAll(() => client?.close());

  /** Screen bytes a second, over a while in which the film runs. */
  async function rate(): Promise<number> {
    const [before, began] = [screenBytes, performance.now()];
    await delay(MEASURE_MS);
    return ((screenBytes - before) * 1_000) / (performance.now() - began);
  }

  /** What may leave in a second, on average of such a while. @param part of the line */
  const most = (tier: TierLabel, part = 1) => part * bytesPerSecondOf(tier) + (burst(tier) * 1_000) / MEASURE_MS;

  it('carries a film at what is contracted, and no faster', async () => {
    const seen = await rate();
    expect(seen).toBeLessThanOrEqual(most('10Mbps'));
    // A film of noise wants more than that: what is missing is what carries the screen, and this machine's doing.
    expect(seen).toBeGreaterThan(0.5 * bytesPerSecondOf('10Mbps'));
  });

  it('gives the municipality a quarter at a word, and far more when the file changes, and the session lives on', async () => {
    const { system } = under;
    system.setLine({ tier: '10Mbps', municipalities: { [MUNICIPALITY]: { guarantee: 0.25, ceiling: 0.25 } } });
    process.kill(system.processes.broker.pid, 'SIGHUP');
    await audited(system, 'broker', 'line-changed', { tier: '10Mbps', before: '10Mbps' });
    // What was on its way to the client already.
    await delay(500);
    expect(await rate()).toBeLessThanOrEqual(most('10Mbps', 0.25));

    system.setLine({ tier: '50Mbps' });
    await audited(system, 'broker', 'line-changed', { tier: '50Mbps', before: '10Mbps' });
    const wide = await rate();
    expect(wide).toBeGreaterThan(2 * most('10Mbps', 0.25));
    expect(wide).toBeLessThanOrEqual(most('50Mbps'));
  });

  it('stays as it is when the file is spoilt, says so in one line, and nobody notices', async () => {
    const { system } = under;
    system.setLine({ tier: '20Mbps' });
    const { fields } = await audited(system, 'broker', 'line-kept', { tier: '50Mbps' });
    expect(fields.detail).toContain(Object.keys(TIERS).join(', '));
    const before = screenBytes;
    await vi.waitFor(() => expect(screenBytes).toBeGreaterThan(before), { timeout: 5_000 });
    expect(alive(system)).toEqual([...PROCESSES]);
    system.setLine({ tier: '10Mbps' });
    await audited(system, 'broker', 'line-changed', { tier: '10Mbps', before: '50Mbps' });
  });

  it('still brings the sealed close, behind everything that waits for its turn', async () => {
    film.drop();
    expect(await view.ended).toEqual({ code: 'DESKTOP_LOST', authentic: true });
    await idle(under.system);
  });
});
