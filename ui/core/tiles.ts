/** Which tiles of a large image a view needs, where the picture below them has too few pixels for the screen. Pure. */

import type { Look, Point, Size } from "./zoom.ts";

/** Pixels a side of a tile, as the server cuts them. */
export const SIDE = 512;
/** The most tiles that are asked for or kept: a screen that would need more is served by a coarser level. */
export const MOST = 64;

/** A tile and the rectangle that it covers, in pixels of the original. */
export interface Tile extends Point, Size {
  readonly key: string;
  /** Each of its pixels is the mean of 2^level × 2^level. */
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

/** What is looked at: the original's size, and the pixels of it that each pixel of the picture stands for. */
export interface Pictured {
  readonly size: Size;
  readonly factor: number;
}

/** The tiles that are seen, those nearest to the middle first; none while the picture itself is fine enough. */
export function tilesOf({ size, factor }: Pictured, look: Look, room: Size, dots: number): Tile[] {
  // A level less than one pixel for each of the screen; a little more is not seen, and spares a fourfold.
  const finest = Math.max(0, Math.floor(Math.log2(1 / (look.scale * dots)) + 1e-6));
  for (let level = finest; 2 ** level < factor; level += 1) {
    const seen = seenOf(level, size, look, room);
    if (count(seen) <= MOST) return nearest(tilesIn(seen, level, size), look, room);
  }
  return [];
}

/** The first and the last column and row. */
type Range = readonly [left: number, top: number, right: number, bottom: number];

function seenOf(level: number, size: Size, { x, y, scale }: Look, room: Size): Range {
  const side = SIDE * 2 ** level;
  const first = (corner: number): number => Math.max(0, Math.floor(-corner / scale / side));
  const last = (corner: number, space: number, whole: number): number => Math.ceil(Math.min(whole, (space - corner) / scale) / side) - 1;
  return [first(x), first(y), last(x, room.width, size.width), last(y, room.height, size.height)];
}

const count = ([left, top, right, bottom]: Range): number => Math.max(0, right - left + 1) * Math.max(0, bottom - top + 1);

function tilesIn([left, top, right, bottom]: Range, level: number, size: Size): Tile[] {
  const tiles: Tile[] = [];
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) tiles.push(tileAt(level, column, row, size));
  }
  return tiles;
}

/** The last pixels of a level may reach over the border: they are drawn as large as all others. */
function tileAt(level: number, column: number, row: number, size: Size): Tile {
  const factor = 2 ** level;
  const [x, y] = [column * SIDE * factor, row * SIDE * factor];
  const long = (from: number, whole: number): number => Math.min(SIDE, Math.ceil((whole - from) / factor)) * factor;
  return { key: `${level}/${column}/${row}`, level, column, row, x, y, width: long(x, size.width), height: long(y, size.height) };
}

function nearest(tiles: Tile[], look: Look, room: Size): Tile[] {
  const middle = { x: (room.width / 2 - look.x) / look.scale, y: (room.height / 2 - look.y) / look.scale };
  const away = ({ x, y, width, height }: Tile): number => Math.hypot(x + width / 2 - middle.x, y + height / 2 - middle.y);
  return tiles.sort((one, other) => away(one) - away(other));
}

/**
 * Say which of the tiles at hand go: those of other levels once all that are seen are there, and the oldest above
 * ``MOST``. Until then they lie below, so that nothing flickers.
 */
export function spare(held: readonly string[], wanted: readonly string[], complete: boolean): string[] {
  const seen = new Set(wanted);
  const level = (key: string | undefined): string | undefined => key?.split("/")[0];
  const others = held.filter((key) => !seen.has(key));
  const stale = complete ? others.filter((key) => level(key) !== level(wanted[0])) : [];
  const left = others.filter((key) => !stale.includes(key));
  const tooMany = Math.max(0, held.length - stale.length - MOST);
  return [...stale, ...left.slice(0, tooMany)];
}
