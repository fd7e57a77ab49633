// What the real desktop is made to show: slides with Japanese text, a chart and a photo-like picture, and a film of a
// moving scene. Drawn by canvas, the same at every run, so that a trace can be recorded again.
import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { bold, regular } from '#agent/desktop/office/fonts.ts';
import type { Paint } from '#lab/x-picture.ts';

const TITLES = ['窓口業務の見直し(案)', '令和八年度の予定', '試験運用の結果', '見本市の概要'];
const LINES = [
  '来庁者の待ち時間を半分にします。',
  '申請は架空市の例示です。',
  '費用と効果を三年分並べました。',
  'ご意見をお寄せください。',
];

/** One full page. @param number any; every slide differs */
export function slide(number: number, width: number, height: number): Paint {
  return painted(width, height, (context) => {
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, height);
    context.fillStyle = ['#1f4e79', '#385723', '#7f6000', '#843c0c'][number % 4] as string;
    context.fillRect(0, 0, width, height / 8);
    context.fillStyle = '#ffffff';
    context.font = bold(Math.round(height / 18));
    context.fillText(TITLES[number % TITLES.length] as string, width / 24, height / 11);
    context.fillStyle = '#202020';
    context.font = regular(Math.round(height / 28));
    for (const [i, line] of LINES.entries()) {
      context.fillText(`${i + 1}. ${line} (${number + 1}-${i + 1})`, width / 20, height * (0.24 + 0.08 * i));
    }
    chart(context, number, { x: width * 0.06, y: height * 0.56, width: width * 0.4, height: height * 0.36 });
    scene(context, number * 40, { x: width * 0.54, y: height * 0.52, width: width * 0.4, height: height * 0.4 });
  });
}

/** One frame of the film, as large as the area it is painted into. @param frame counts at 24 a second */
export function filmFrame(frame: number, width: number, height: number): Paint {
  return painted(width, height, (context) => scene(context, frame, { x: 0, y: 0, width, height }));
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function chart(context: SKRSContext2D, number: number, { x, y, width, height }: Place): void {
  for (let bar = 0; bar < 8; bar++) {
    const share = 0.25 + 0.7 * Math.abs(Math.sin(bar * 1.3 + number));
    context.fillStyle = bar % 2 ? '#5b9bd5' : '#ed7d31';
    context.fillRect(x + (bar * width) / 8, y + height * (1 - share), width / 10, height * share);
  }
}

/** Smooth light, a moving sun and a hundred drifting soft spots: as many colours as a photograph has. */
function scene(context: SKRSContext2D, frame: number, { x, y, width, height }: Place): void {
  const sky = context.createLinearGradient(x, y, x, y + height);
  sky.addColorStop(0, `hsl(${205 + 8 * Math.sin(frame / 50)}, 55%, 55%)`);
  sky.addColorStop(0.6, '#e8dcc8');
  sky.addColorStop(1, '#2d5a48');
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = sky;
  context.fillRect(x, y, width, height);
  for (let spot = 0; spot < 120; spot++) {
    const left = x + ((spot * 137.5 + frame * (1 + (spot % 5))) % (width + 80)) - 40;
    const top = y + height * (0.5 + 0.48 * Math.sin(spot * 2.4 + frame / 60));
    const radius = 6 + (spot % 9) * 5;
    const soft = context.createRadialGradient(left, top, 0, left, top, radius);
    soft.addColorStop(0, `hsla(${(spot * 29) % 360}, 45%, ${45 + (spot % 4) * 10}%, 0.55)`);
    soft.addColorStop(1, 'rgba(255,255,255,0)');
    context.fillStyle = soft;
    context.fillRect(left - radius, top - radius, 2 * radius, 2 * radius);
  }
  context.restore();
}

function painted(width: number, height: number, draw: (context: SKRSContext2D) => void): Paint {
  const context = createCanvas(width, height).getContext('2d');
  draw(context);
  const { data } = context.getImageData(0, 0, width, height);
  const words = new Uint32Array(data.buffer, data.byteOffset, width * height);
  return (x, y) => (words[y * width + x] as number) & 0xff_ffff;
}
