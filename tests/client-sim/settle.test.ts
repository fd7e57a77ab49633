import { beforeEach, describe, expect, it } from 'vitest';
import { QUIET_MS, Settling } from '#client-sim/settle.ts';
import type { Region } from '#protocol/inner/screen/rectangle.ts';
import { applyFill, createFramebuffer } from '#rfb/framebuffer.ts';

const TILE = 64;
const CARET: Region = { x: 70, y: 4, width: 2, height: 20 };
const FILM: Region = { x: 192, y: 64, width: 64, height: 64 };

let picture = createFramebuffer(256, 128);
let settling = new Settling(picture);
let clock = 0;

/** As the agent does it: a whole tile comes for whatever changed in it. */
function paint(region: Region, grey: number): void {
  applyFill(picture, region, Uint8Array.of(grey, grey, grey));
  const x = Math.floor(region.x / TILE) * TILE;
  const y = Math.floor(region.y / TILE) * TILE;
  settling.drawn(picture, { x, y, width: TILE, height: TILE }, clock);
}

/** A second and a bit of a caret that blinks and a film that runs. */
function observe(): void {
  for (let i = 0; i < 7; i++) {
    clock += 200;
    paint(FILM, 10 + i);
    if (i % 3 === 0) paint(CARET, i % 2 ? 0 : 255);
  }
}

beforeEach(() => {
  picture = createFramebuffer(256, 128);
  settling = new Settling(picture);
  clock = 0;
  observe();
  settling.typed(clock);
});

describe('the wait for typed pixels', () => {
  it('does not take a caret, a film or a tile that is sent again for an answer', () => {
    for (let i = 0; i < 20; i++) {
      clock += 200;
      paint(FILM, 100 + i);
      paint(CARET, i % 2 ? 0 : 255);
    }
    expect(settling.inputToPixelMs).toBeNull();
    settling.lastKey(clock);
    expect(settling.settled(clock + 10 * QUIET_MS)).toBe(false);
  });

  it('takes one letter beside the caret, in the very tile where it blinks', () => {
    clock += 30;
    paint({ x: 72, y: 8, width: 4, height: 12 }, 40);
    expect(settling.inputToPixelMs).toBe(30);
  });

  it('is over when nothing new has come for a while after the last key and the last pixel', () => {
    clock += 100;
    paint({ x: 10, y: 70, width: 8, height: 12 }, 40);
    expect(settling.settled(clock + QUIET_MS)).toBe(false);
    clock += 50;
    settling.lastKey(clock);
    expect(settling.settled(clock + QUIET_MS)).toBe(true);
    clock += 50;
    paint({ x: 20, y: 70, width: 8, height: 12 }, 40);
    const lastPixel = clock;
    clock += QUIET_MS - 1;
    paint(FILM, 200);
    expect(settling.settled(clock)).toBe(false);
    expect(settling.settled(lastPixel + QUIET_MS)).toBe(true);
  });

  it('is over although a film that stood still before the first key runs on', () => {
    const late = { x: 128, y: 0, width: 64, height: 64 };
    clock += 30;
    paint({ x: 10, y: 70, width: 8, height: 12 }, 40);
    settling.lastKey(clock);
    for (let i = 0; i < 10; i++) {
      clock += 200;
      paint(late, 50 + i);
    }
    expect(settling.settled(clock)).toBe(true);
  });

  it('lets the caret blink at its new place', () => {
    clock += 30;
    const moved = { ...CARET, x: CARET.x + 20 };
    paint(moved, 0);
    paint(moved, 255);
    settling.lastKey(clock);
    const settledAt = clock + QUIET_MS;
    for (let i = 0; i < 4; i++) {
      clock += 200;
      paint(moved, i % 2 ? 255 : 0);
    }
    expect(settling.settled(settledAt)).toBe(true);
  });

  it('takes a new size for a change, without reading outside the picture', () => {
    picture = createFramebuffer(300, 90);
    settling.drawn(picture, { x: 0, y: 0, width: 300, height: 90 }, clock + 5);
    expect(settling.inputToPixelMs).toBe(5);
  });
});
