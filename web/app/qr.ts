// A QR code as one SVG path, made of elements and never of markup.
import { encode } from 'uqr';

const SVG = 'http://www.w3.org/2000/svg';
/** Modules of white around it, as ISO/IEC 18004 asks for. */
const QUIET_ZONE = 4;

/** @param label what it is, for those who cannot see it */
export function qrCode(text: string, label: string): SVGElement {
  const { size, data } = encode(text, { ecc: 'M', border: QUIET_ZONE });
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join(''));
  const drawn = document.createElementNS(SVG, 'svg');
  const attributes = { viewBox: `0 0 ${size} ${size}`, class: 'qr', role: 'img', 'aria-label': label };
  for (const [name, value] of Object.entries(attributes)) drawn.setAttribute(name, value);
  drawn.setAttribute('shape-rendering', 'crispEdges');
  drawn.append(path);
  return drawn;
}
