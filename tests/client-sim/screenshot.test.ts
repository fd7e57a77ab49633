import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeScreenshot } from '#client-sim/screenshot.ts';
import { Failure } from '#platform/process/exit.ts';
import { applyFill, createFramebuffer } from '#rfb/framebuffer.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'screenshot-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const picture = createFramebuffer(20, 10);
applyFill(picture, { x: 3, y: 2, width: 5, height: 4 }, Uint8Array.of(10, 200, 30));

describe('a screenshot', () => {
  it('holds exactly the pixels of the picture, for its owner only', async () => {
    const path = join(folder, 'new', 'shot.png');
    writeScreenshot(path, picture);
    const context = createCanvas(20, 10).getContext('2d');
    context.drawImage(await loadImage(path), 0, 0);
    expect(new Uint8Array(context.getImageData(0, 0, 20, 10).data)).toEqual(picture.pixels);
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('replaces a file, never a folder', () => {
    const path = join(folder, 'shot.png');
    writeFileSync(path, 'old');
    writeScreenshot(path, picture);
    expect(statSync(path).size).toBeGreaterThan(3);
    mkdirSync(join(folder, 'taken'));
    expect(() => writeScreenshot(join(folder, 'taken'), picture)).toThrow(Failure);
    expect(readdirSync(folder).toSorted()).toEqual(['shot.png', 'taken']);
  });

  it('says in one line where it could not be written', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => writeScreenshot(join(folder, 'file', 'shot.png'), picture)).toThrow(/^[^\n]*file\/shot\.png[^\n]*$/);
  });
});
