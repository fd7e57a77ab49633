import { describe, expect, it } from 'vitest';
import { InputPolicy } from '#agent/policy.ts';
import { AGENT_BURST_SECONDS, INPUT_PER_SECOND } from '#protocol/limits.ts';

const SCREEN = { width: 1280, height: 800 };
const key = { type: 'key', down: true, keysym: 0x61 } as const;

describe('the input policy (T18)', () => {
  it('lets the full rate through for as long as it lasts', () => {
    const policy = new InputPolicy(0);
    for (let i = 0; i < 10_000; i++) policy.admit(key, SCREEN, i * (1000 / INPUT_PER_SECOND));
  });

  it('refuses what exceeds the burst', () => {
    const policy = new InputPolicy(0);
    for (let i = 0; i < INPUT_PER_SECOND * AGENT_BURST_SECONDS; i++) policy.admit(key, SCREEN, 0);
    expect(() => policy.admit(key, SCREEN, 0)).toThrow('LANE_RATE');
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
