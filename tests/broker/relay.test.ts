// A session's records on their way through the broker's line, on real sockets: what its end does to what still waits.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DRAIN_MAX_MS, ENDING_GRACE_MS } from '#broker/limits.ts';
import { wireBytes } from '#broker/shaping/wire-bytes.ts';
import { bytesPerSecondOf } from '#broker/tiers.ts';
import { Lane } from '#protocol/lanes.ts';
import { CLOSE_PLAINTEXT_BYTES, INPUT_PLAINTEXT_BYTES } from '#protocol/limits.ts';
import { DESKTOP, openBroker, openSession, type Peer, type TestBroker } from '#tests/support/broker.ts';
import { record } from '#tests/support/record.ts';

/** What the line has saved up, and far more than that. */
const PICTURES = 24;
const PICTURE = 4_000;
const REVOKED_MAX_MS = 2_000;
/** Of this machine, which has other things to do. */
const LATE_MAX_MS = 1_000;

let test: TestBroker;
let gateway: Peer;
let agent: Peer;
beforeAll(async () => {
  test = await openBroker(undefined, { line: { tier: '10Mbps', municipalities: {}, others: { ceiling: 1 } } });
  gateway = await test.gatewayLink();
  agent = await test.agentLink();
  await gateway.next('presence');
}, 60_000);
afterAll(() => test.close());

const sequences = ({ records }: Peer) => records.map((one) => one.readUIntBE(2, 6));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('on a full line', () => {
  it('the sealed close arrives behind all that waits, and then the code', async () => {
    const { gatewayData, agentData } = await openSession(test, gateway, agent);
    for (const i of upTo(PICTURES)) agentData.socket.sendRecord(record(Lane.frame, i, PICTURE));
    agentData.socket.sendRecord(record(Lane.close, PICTURES, CLOSE_PLAINTEXT_BYTES));
    agentData.socket.close('ENDED');
    expect(await gatewayData.ended()).toBe('ENDED');
    expect(sequences(gatewayData)).toEqual(upTo(PICTURES + 1));
  });

  it('a key goes the other way at once', async () => {
    const { session, gatewayData, agentData } = await openSession(test, gateway, agent);
    for (const i of upTo(PICTURES)) agentData.socket.sendRecord(record(Lane.frame, i, PICTURE));
    await gatewayData.until(() => gatewayData.records.length > 0);
    gatewayData.socket.sendRecord(record(Lane.input, 0, INPUT_PLAINTEXT_BYTES));
    await agentData.until(() => agentData.records.length === 1);
    expect(gatewayData.records.length).toBeLessThan(PICTURES);
    const municipality = DESKTOP.split('/')[0];
    const { inward } = test.broker.shaper.measure();
    expect(inward.municipalities).toMatchObject([{ municipality, sentBytes: wireBytes(40) }]);
    await gatewayData.until(() => gatewayData.records.length === PICTURES);
    gatewayData.socket.close('ENDED');
    await agentData.ended();
    expect(test.audit.of('session-ended').find((one) => one.session === session)).toMatchObject({ code: 'ENDED' });
  });

  it('a revoked session is gone in time, however much of it waits', async () => {
    const { session, gatewayData, agentData } = await openSession(test, gateway, agent);
    const seconds = (3 * REVOKED_MAX_MS) / 1_000;
    const count = Math.ceil((seconds * bytesPerSecondOf('10Mbps')) / wireBytes(PICTURE));
    for (const i of upTo(count)) agentData.socket.sendRecord(record(Lane.frame, i, PICTURE));
    await gatewayData.until(() => gatewayData.records.length > 10);
    const began = performance.now();
    gateway.say({ type: 'revoke', session, code: 'RIGHTS_ENDED' });
    const codes = await Promise.all([gatewayData.ended(), agentData.ended()]);
    expect(ENDING_GRACE_MS + DRAIN_MAX_MS).toBeLessThan(REVOKED_MAX_MS);
    expect(performance.now() - began).toBeLessThan(ENDING_GRACE_MS + DRAIN_MAX_MS + LATE_MAX_MS);
    expect(codes).toEqual(['RIGHTS_ENDED', 'RIGHTS_ENDED']);
    expect(gatewayData.records.length).toBeLessThan(count);
    expect(test.broker.shaper.measure().outward.queuedBytes).toBe(0);
  });
});
