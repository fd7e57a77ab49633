// Keeps what a desktop reports.
import type { Cursor, DesktopEvents, Rectangle, Screen } from '#agent/desktop/desktop.ts';
import type { Refusal } from '#protocol/codes.ts';

export class Recorder implements DesktopEvents {
  readonly damages: Rectangle[] = [];
  readonly screens: Screen[] = [];
  readonly cursors: Cursor[] = [];
  readonly refusals: Refusal[] = [];
  bells = 0;

  damage(rectangle: Rectangle): void {
    this.damages.push(rectangle);
  }

  resized(screen: Screen): void {
    this.screens.push(screen);
  }

  cursor(cursor: Cursor): void {
    this.cursors.push(cursor);
  }

  bell(): void {
    this.bells++;
  }

  gone(refusal: Refusal): void {
    this.refusals.push(refusal);
  }
}
