// The pointer of the simulated desktop: an arrow.
import type { Cursor } from '../desktop.ts';

/** '#' is the line, '.' the fill. */
const ARROW = [
  '#           ',
  '##          ',
  '#.#         ',
  '#..#        ',
  '#...#       ',
  '#....#      ',
  '#.....#     ',
  '#......#    ',
  '#.......#   ',
  '#........#  ',
  '#.........# ',
  '#......#####',
  '#...#..#    ',
  '#..##..#    ',
  '#.#  #..#   ',
  '##   #..#   ',
  '#     #..#  ',
  '      #..#  ',
  '       ##   ',
];

const LINE = [0, 0, 0, 255] as const;
const FILL = [255, 255, 255, 255] as const;
const NOTHING = [0, 0, 0, 0] as const;

export const ARROW_CURSOR: Cursor = {
  width: 12,
  height: ARROW.length,
  hotX: 0,
  hotY: 0,
  rgba: Uint8Array.from(
    ARROW.flatMap((row) => Array.from(row, (dot) => (dot === '#' ? LINE : dot === '.' ? FILL : NOTHING)).flat()),
  ),
};
