// Codes as people type them: with a Japanese input method on, digits come full width, and codes are copied with their spaces.

/** @returns the code in half width without spaces; its own hyphens stay */
export function typedCode(text: string): string {
  return text.normalize('NFKC').replace(/\s/g, '');
}
