// The wallpaper: hills under a morning sky, and a few icons. Few colours a tile, so that it stays lossless and cheap.
import { type Canvas, createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { colours } from './colours.ts';
import { bold } from './fonts.ts';

/** Height in pixels of a band of one colour in the sky. */
const BAND = 8;

let drawn: Canvas | null = null;

/** Drawn once for each size of the screen. */
export function drawWallpaper(context: SKRSContext2D, width: number, height: number): void {
  if (drawn?.width !== width || drawn.height !== height) drawn = paint(width, height);
  context.drawImage(drawn, 0, 0);
}

function paint(width: number, height: number): Canvas {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  drawSky(context, width, height);
  drawHills(context, width, height);
  drawIcons(context);
  return canvas;
}

function drawSky(context: SKRSContext2D, width: number, height: number): void {
  const [top, low] = colours.sky;
  for (let y = 0; y < height; y += BAND) {
    const share = y / height;
    const [red, green, blue] = top.map((value, i) => Math.round(value + ((low[i] ?? value) - value) * share));
    context.fillStyle = `rgb(${red}, ${green}, ${blue})`;
    context.fillRect(0, y, width, BAND);
  }
}

/** Corners of a silhouette, as shares of width and height. */
type Outline = readonly (readonly [number, number])[];
const PEAK: Outline = [
  [0.3, 0.74],
  [0.44, 0.56],
  [0.535, 0.435],
  [0.56, 0.43],
  [0.585, 0.437],
  [0.68, 0.56],
  [0.84, 0.74],
];
const SNOW: Outline = [
  [0.488, 0.496],
  [0.535, 0.435],
  [0.56, 0.43],
  [0.585, 0.437],
  [0.632, 0.498],
  [0.61, 0.492],
  [0.592, 0.515],
  [0.57, 0.49],
  [0.55, 0.52],
  [0.53, 0.49],
  [0.51, 0.51],
];
const HILLS: Outline = [
  [0, 0.68],
  [0.12, 0.63],
  [0.26, 0.69],
  [0.42, 0.66],
  [0.6, 0.71],
  [0.78, 0.65],
  [0.9, 0.67],
  [1, 0.64],
  [1, 1],
  [0, 1],
];
const NEAR_HILLS: Outline = [
  [0, 0.83],
  [0.16, 0.77],
  [0.36, 0.82],
  [0.55, 0.79],
  [0.72, 0.84],
  [0.88, 0.8],
  [1, 0.83],
  [1, 1],
  [0, 1],
];

function drawHills(context: SKRSContext2D, width: number, height: number): void {
  const shapes: readonly (readonly [Outline, string])[] = [
    [PEAK, colours.farHills],
    [SNOW, colours.snow],
    [HILLS, colours.hills],
    [NEAR_HILLS, colours.nearHills],
  ];
  for (const [outline, colour] of shapes) {
    context.fillStyle = colour;
    context.beginPath();
    for (const [x, y] of outline) context.lineTo(x * width, y * height);
    context.closePath();
    context.fill();
  }
}

function drawIcons(context: SKRSContext2D): void {
  const icons: readonly (readonly [string, string])[] = [
    ['共有フォルダー', '#f0c04a'],
    ['住民記録', '#5aa06c'],
    ['文書管理', '#d07a4a'],
    ['ごみ箱', '#aab6c0'],
  ];
  for (const [i, [name, colour]] of icons.entries()) {
    const y = 28 + i * 92;
    context.fillStyle = colour;
    context.fillRect(34, y + 6, 40, 32);
    context.fillRect(34, y, 18, 8);
    context.fillStyle = 'rgba(255, 255, 255, 0.55)';
    context.fillRect(34, y + 14, 40, 3);
    context.font = bold(12);
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    context.fillStyle = '#16324a';
    context.fillText(name, 55, y + 55);
    context.fillStyle = '#ffffff';
    context.fillText(name, 54, y + 54);
    context.textAlign = 'left';
  }
}
