// A desktop reports from the moment it is attached; the session that shows it begins a little later. What counts of the
// time between: the cursor, and whether the desktop is still there. Damage does not, since a session begins all dirty.
import type { Refusal } from '#protocol/codes.ts';
import type { Cursor, Desktop, DesktopEvents, OpenDesktop } from './desktop/desktop.ts';

export interface Attached {
  desktop: Desktop;
  /** Gives the events to the session; called once. */
  handOver(events: DesktopEvents): void;
}

/** @throws DESKTOP_UNREACHABLE */
export async function attach(open: OpenDesktop): Promise<Attached> {
  let owner: DesktopEvents | null = null;
  let cursor: Cursor | null = null;
  let gone: Refusal | null = null;
  const desktop = await open({
    damage: (rectangle) => owner?.damage(rectangle),
    resized: (screen) => owner?.resized(screen),
    cursor: (latest) => {
      cursor = latest;
      owner?.cursor(latest);
    },
    bell: () => owner?.bell(),
    gone: (refusal) => {
      gone = refusal;
      owner?.gone(refusal);
    },
  });
  return {
    desktop,
    handOver(events) {
      owner = events;
      if (cursor) events.cursor(cursor);
      if (gone) events.gone(gone);
    },
  };
}
