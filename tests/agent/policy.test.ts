import { describe, expect, it } from 'vitest';
import { InputPolicy } from '#agent/policy.ts';
import { Lane } from '#protocol/lanes.ts';
import { ACK_PER_SECOND, AGENT_BURST_SECONDS, CONTROL_PER_SECOND, INPUT_PER_SECOND } from '#protocol/limits.ts';

const SCREEN = { width: 1280, height: 800 };
const key = { type: 'key', down: true, keysym: 0x61 } as const;

describe('the input policy (T18)', () => {
  it('lets the full rate through for as long as it lasts', () => {
    const policy = new InputPolicy(0);
    for (let i = 0; i < 10_000; i++) policy.count(Lane.input, i * (1000 / INPUT_PER_SECOND));
  });

  it.each([
    [Lane.input, INPUT_PER_SECOND],
    [Lane.control, CONTROL_PER_SECOND],
    [Lane.ack, ACK_PER_SECOND],
  ])('refuses what exceeds the burst of lane %i, and takes the others still', (lane, perSecond) => {
    const policy = new InputPolicy(0);
    for (let i = 0; i < perSecond * AGENT_BURST_SECONDS; i++) policy.count(lane, 0);
    expect(() => policy.count(lane, 0)).toThrow(`LANE_RATE: lane ${lane}`);
    for (const other of [Lane.input, Lane.control, Lane.ack]) if (other !== lane) policy.count(other, 0);
  });

  it('refills with time, never beyond the burst', () => {
    const policy = new InputPolicy(0);
    const taken = (now: number) => {
      for (let i = 0; ; i++) {
        try {
          policy.count(Lane.control, now);
        } catch {
          return i;
        }
      }
    };
    expect(taken(0)).toBe(CONTROL_PER_SECOND * AGENT_BURST_SECONDS);
    expect(taken(3_600_000)).toBe(CONTROL_PER_SECOND * AGENT_BURST_SECONDS);
  });

  it('keeps the pointer on the screen', () => {
    const policy = new InputPolicy(0);
    const event = { type: 'pointer', buttons: 1, x: 65_535, y: 65_535 } as const;
    expect(policy.admit(event, SCREEN, 0)).toEqual({ ...event, x: 1279, y: 799 });
  });

  it('counts input, and nothing else, as activity (F1)', () => {
    const policy = new InputPolicy(5);
    expect(policy.activeAt).toBe(5);
    policy.admit(key, SCREEN, 900);
    expect(policy.activeAt).toBe(900);
  });
});
