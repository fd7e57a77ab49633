// What a browser offers to do with the picture besides looking at it: none of that (I3). It hinders the hand, not an
// attacker: whoever owns the device can always take a picture of its screen.

/** @returns takes the guards away */
export function guard(node: HTMLElement): () => void {
  const until = new AbortController();
  const refuse = (event: Event) => event.preventDefault();
  for (const name of ['contextmenu', 'dragstart', 'dragover', 'drop', 'copy', 'cut', 'paste', 'selectstart']) {
    node.addEventListener(name, refuse, { signal: until.signal });
  }
  return () => until.abort();
}
