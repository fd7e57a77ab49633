// The desktop's own thread: takes events, steps the model, draws what changed into shared memory and says where.
//
// The agent may read pixels while they are written here. That is harmless: damage is reported after the write, so a
// torn read is always followed by a whole one.
import { parentPort, workerData } from 'node:worker_threads';
import { type Canvas, createCanvas } from '@napi-rs/canvas';
import type { Rectangle } from '../desktop.ts';
import { cover } from '../rectangle.ts';
import { draw } from './draw.ts';
import { notepadMeasure } from './fonts.ts';
import type { FromOffice, OfficeStart, SharedScreen, ToOffice } from './messages.ts';
import { type Office, screenOf, startOffice, step } from './office.ts';

const BLINK_MS = 530;
const PICTURE_MS = 200;
/** More rectangles than this are drawn as the one that covers them. */
const RECTANGLES_MAX = 24;

function run(port: NonNullable<typeof parentPort>, start: OfficeStart): void {
  const measure = notepadMeasure();
  const report = (message: FromOffice) => port.postMessage(message);
  let office: Office = startOffice(start.name, start.width, start.height, start.now);
  let canvas: Canvas = createCanvas(office.width, office.height);
  let screen = share(office);
  let damage: Rectangle[] = [];
  let scheduled = false;

  function take(event: ToOffice): void {
    const change = step(office, event, measure);
    office = change.office;
    if (event.type === 'resize') {
      replaceScreen();
      return;
    }
    damage.push(...change.damage);
    if (event.type === 'lock') {
      paint();
      report({ type: 'locked' });
      return;
    }
    if (scheduled || damage.length === 0) return;
    scheduled = true;
    // Events that wait already are stepped first and drawn together
    setImmediate(paint);
  }

  function paint(): void {
    scheduled = false;
    const rectangles = merged(damage);
    damage = [];
    for (const rectangle of rectangles) paintRectangle(rectangle);
    if (rectangles.length > 0) report({ type: 'damage', rectangles });
  }

  function paintRectangle(rectangle: Rectangle): void {
    const context = canvas.getContext('2d');
    draw(context, office, rectangle, measure);
    const { data } = context.getImageData(rectangle.x, rectangle.y, rectangle.width, rectangle.height);
    const pixels = new Uint8Array(screen.memory);
    const rowBytes = 4 * rectangle.width;
    for (let y = 0; y < rectangle.height; y++) {
      const row = data.subarray(y * rowBytes, (y + 1) * rowBytes);
      pixels.set(row, 4 * ((rectangle.y + y) * screen.width + rectangle.x));
    }
  }

  function replaceScreen(): void {
    canvas = createCanvas(office.width, office.height);
    screen = share(office);
    damage = [];
    paintRectangle(screenOf(office));
    report({ type: 'screen', screen });
  }

  replaceScreen();
  port.on('message', take);
  setInterval(() => take({ type: 'blink' }), BLINK_MS);
  setInterval(() => take({ type: 'next-picture' }), PICTURE_MS);
}

function share({ width, height }: Office): SharedScreen {
  return { width, height, memory: new SharedArrayBuffer(4 * width * height) };
}

/** The same pixels in fewer rectangles: without repeats, and one that covers all if they are many. */
function merged(rectangles: readonly Rectangle[]): readonly Rectangle[] {
  const inside = (a: Rectangle, b: Rectangle) => {
    const both = cover(a, b);
    return both.width === b.width && both.height === b.height && both.x === b.x && both.y === b.y;
  };
  const kept: Rectangle[] = [];
  for (const rectangle of rectangles) {
    if (kept.some((other) => inside(rectangle, other))) continue;
    const rest = kept.filter((other) => !inside(other, rectangle));
    kept.splice(0, kept.length, ...rest, rectangle);
  }
  return kept.length > RECTANGLES_MAX ? [kept.reduce(cover)] : kept;
}

if (parentPort) run(parentPort, workerData as OfficeStart);
