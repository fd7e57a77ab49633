// The moving picture: a coast under passing clouds, with as many colours as a photograph, so that the lossy path of
// the encoder has work.
import { type Canvas, createCanvas, ImageData, type SKRSContext2D } from '@napi-rs/canvas';
import type { Rectangle } from '../desktop.ts';
import { bold } from './fonts.ts';

const WIDTH = 160;
const HEIGHT = 100;
const HORIZON = 58;
const GRID = 64;

type Colour = readonly [number, number, number];
const SKY_TOP: Colour = [62, 118, 186];
const SKY_LOW: Colour = [216, 226, 226];
const CLOUD: Colour = [250, 246, 240];
const SEA_FAR: Colour = [120, 168, 186];
const SEA_NEAR: Colour = [22, 74, 104];
const HILL: Colour = [58, 92, 74];

// Always the same clouds: a fixed linear congruential sequence
const noise = Float32Array.from(
  (function* () {
    let value = 20_260_401;
    for (let i = 0; i < GRID * GRID; i++) {
      value = (value * 1_103_515_245 + 12_345) % 2 ** 31;
      yield value / 2 ** 31;
    }
  })(),
);

function smooth(x: number, y: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const at = (dx: number, dy: number) => noise[((row + dy) & (GRID - 1)) * GRID + ((column + dx) & (GRID - 1))] ?? 0;
  const u = x - column;
  const v = y - row;
  const top = at(0, 0) + (at(1, 0) - at(0, 0)) * u;
  const low = at(0, 1) + (at(1, 1) - at(0, 1)) * u;
  return top + (low - top) * v;
}

const clouds = (x: number, y: number): number =>
  (smooth(x, y) * 4 + smooth(x * 2, y * 2) * 2 + smooth(x * 4, y * 4)) / 7;

const mixed = (a: Colour, b: Colour, share: number): Colour => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];

function colourAt(x: number, y: number, frame: number): Colour {
  const ridge = HORIZON - 6 - 14 * smooth(x / 30 + 7, 3) * Math.max(0, 1 - x / 110);
  if (y < ridge) {
    const sky = mixed(SKY_TOP, SKY_LOW, y / HORIZON);
    const cover = clouds(x / 26 + frame / 24, y / 11 + frame / 300);
    return mixed(sky, CLOUD, Math.min(1, Math.max(0, (cover - 0.42) * 3.4)));
  }
  if (y < HORIZON) return mixed(HILL, SKY_LOW, 0.25 + smooth(x / 2, y / 2) * 0.2);
  const depth = (y - HORIZON) / (HEIGHT - HORIZON);
  const sea = mixed(SEA_FAR, SEA_NEAR, depth);
  const wave = smooth(x / (2 + 9 * depth) + frame / 9, y / (1 + 3 * depth) - frame / 5);
  return mixed(sea, CLOUD, Math.max(0, wave - 0.62) * 1.3);
}

/** Grain of a sensor, larger than the picture, so that each frame shows another part of it. */
const GRAIN_WIDTH = 512;
const GRAIN_HEIGHT = 384;
const GRAIN_ALPHA = 12;

function paintGrain(): Canvas {
  const data = new Uint8ClampedArray(4 * GRAIN_WIDTH * GRAIN_HEIGHT);
  for (let i = 0; i < data.length; i += 4) {
    const grey = Math.floor(256 * (noise[(i / 4 + Math.floor(i / 3000)) % noise.length] ?? 0));
    data.set([grey, grey, grey, GRAIN_ALPHA], i);
  }
  const canvas = createCanvas(GRAIN_WIDTH, GRAIN_HEIGHT);
  canvas.getContext('2d').putImageData(new ImageData(data, GRAIN_WIDTH, GRAIN_HEIGHT), 0, 0);
  return canvas;
}

const grain = paintGrain();

let drawn: { frame: number; canvas: Canvas } | null = null;

/** Kept until the next frame, since a part of the same frame may be redrawn many times. */
function pictureOf(frame: number): Canvas {
  if (drawn?.frame === frame) return drawn.canvas;
  const data = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const [red, green, blue] = colourAt(x, y, frame);
      data.set([red, green, blue, 255], 4 * (y * WIDTH + x));
    }
  }
  const canvas = drawn?.canvas ?? createCanvas(WIDTH, HEIGHT);
  canvas.getContext('2d').putImageData(new ImageData(data, WIDTH, HEIGHT), 0, 0);
  drawn = { frame, canvas };
  return canvas;
}

export function drawPicture(
  context: SKRSContext2D,
  content: Rectangle,
  picture: { readonly frame: number; readonly paused: boolean },
): void {
  context.drawImage(pictureOf(picture.frame), content.x, content.y, content.width, content.height);
  const offsetX = (picture.frame * 37) % (GRAIN_WIDTH - content.width);
  const offsetY = (picture.frame * 23) % (GRAIN_HEIGHT - content.height);
  context.drawImage(grain, content.x - offsetX, content.y - offsetY);
  if (!picture.paused) return;
  context.fillStyle = 'rgba(0, 0, 0, 0.45)';
  context.fillRect(content.x + 10, content.y + 10, 84, 26);
  context.fillStyle = '#ffffff';
  context.font = bold(13);
  context.textBaseline = 'middle';
  context.fillText('一時停止', content.x + 26, content.y + 23);
}
