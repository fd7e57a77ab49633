// A desktop that does nothing and remembers everything.
import type { Desktop, DesktopEvents, Screen } from '#agent/desktop/desktop.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import { sharedScreen } from './shared-screen.ts';

export class FakeDesktop implements Desktop {
  screen: Screen = sharedScreen(128, 64, () => 0x00_ff00);
  readonly inputs: InputEvent[] = [];
  readonly notices: string[] = [];
  /** Keys that are down. */
  readonly held = new Set<number>();
  closes = 0;
  locks = 0;
  /** What lock() waits for, or fails with. */
  onLock: () => Promise<void> = async () => {};
  events: DesktopEvents | null = null;
  /** What a resize is answered with. */
  resize: (width: number, height: number) => Promise<boolean> = async () => false;

  input(event: InputEvent): void {
    this.inputs.push(event);
    if (event.type === 'pointer') return;
    if (event.down) this.held.add(event.keysym);
    else this.held.delete(event.keysym);
  }

  notice(text: string): void {
    this.notices.push(text);
  }

  releaseAll(): void {
    this.held.clear();
  }

  lock(): Promise<void> {
    this.releaseAll();
    this.locks++;
    return this.onLock();
  }

  close(): void {
    this.releaseAll();
    this.closes++;
  }
}
