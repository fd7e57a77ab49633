// Files that leave the page by the user's own hand, and come back the same way. Nothing is kept in the browser's storage (I1).

/** Long enough for a browser that asks where to. */
const KEPT_MS = 60_000;

export function save(name: string, content: string | Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/** Lets the page show that it is busy before it computes for a second or two. */
export function nextPaint(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
