/** Points of a map: where they are on the screen, which is nearest, which lie inside. Pure, and fast at 100,000 points. */

/** What colours the points, one entry each; see `columnsOf`. */
export interface Columns {
  /** The class of the label, by its place in the study's list; -1 none, -2 several. */
  readonly label: Int16Array;
  readonly predicted: Int16Array;
  readonly round: Uint16Array;
  /** In 254 steps; 255 where it is not known. */
  readonly unsure: Uint8Array;
  readonly flags: Uint8Array;
}

export const AUDIT = 1;
export const ASIDE = 2;
export const UNKNOWN = 255;
const COLUMN_BYTES = 8;

/** Cut what the server sends of the columns: one after the other, little-endian as every machine that runs browsers. */
export function columnsOf(bytes: ArrayBuffer): Columns {
  const n = bytes.byteLength / COLUMN_BYTES;
  return {
    label: new Int16Array(bytes, 0, n),
    predicted: new Int16Array(bytes, 2 * n, n),
    round: new Uint16Array(bytes, 4 * n, n),
    unsure: new Uint8Array(bytes, 6 * n, n),
    flags: new Uint8Array(bytes, 7 * n, n),
  };
}

/** x and y of each point, one after the other. */
export type Places = Float32Array;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What part of the map is seen: the middle, and pixels per unit. */
export interface Camera extends Point {
  readonly zoom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const toScreen = (camera: Camera, size: Size, x: number, y: number): Point => ({
  x: size.width / 2 + (x - camera.x) * camera.zoom,
  y: size.height / 2 - (y - camera.y) * camera.zoom,
});

export const toMap = (camera: Camera, size: Size, at: Point): Point => ({
  x: camera.x + (at.x - size.width / 2) / camera.zoom,
  y: camera.y - (at.y - size.height / 2) / camera.zoom,
});

const MARGIN = 0.06;

/** The camera that shows all points, with a margin. */
export function fitted(places: Places, size: Size): Camera {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < places.length; at += 2) {
    left = Math.min(left, places[at]!);
    right = Math.max(right, places[at]!);
    low = Math.min(low, places[at + 1]!);
    high = Math.max(high, places[at + 1]!);
  }
  if (!(right >= left)) return { x: 0, y: 0, zoom: 1 };
  const room = 1 - 2 * MARGIN;
  const zoom = Math.min((size.width * room) / (right - left || 1), (size.height * room) / (high - low || 1));
  return { x: (left + right) / 2, y: (low + high) / 2, zoom };
}

/** Zoom by a factor so that what lies under a place on the screen stays there. */
export function zoomed(camera: Camera, size: Size, at: Point, factor: number): Camera {
  const fixed = toMap(camera, size, at);
  const zoom = camera.zoom * factor;
  return { x: fixed.x - (at.x - size.width / 2) / zoom, y: fixed.y + (at.y - size.height / 2) / zoom, zoom };
}

export const moved = (camera: Camera, dx: number, dy: number): Camera => ({
  ...camera,
  x: camera.x - dx / camera.zoom,
  y: camera.y + dy / camera.zoom,
});

/** The nearest point to a place on the map within a distance; -1 for none. One pass: a millisecond at 100,000. */
export function nearest(places: Places, at: Point, within: number): number {
  let [found, best] = [-1, within * within];
  for (let row = 0; row < places.length / 2; row += 1) {
    const dx = places[2 * row]! - at.x;
    const dy = places[2 * row + 1]! - at.y;
    const distance = dx * dx + dy * dy;
    if (distance <= best) [found, best] = [row, distance];
  }
  return found;
}

/** The rows inside a closed outline on the map, by the even-odd rule, in order. */
export function inside(places: Places, outline: readonly Point[]): number[] {
  if (outline.length < 3) return [];
  const [left, right] = [Math.min(...outline.map((p) => p.x)), Math.max(...outline.map((p) => p.x))];
  const [low, high] = [Math.min(...outline.map((p) => p.y)), Math.max(...outline.map((p) => p.y))];
  const found: number[] = [];
  for (let row = 0; row < places.length / 2; row += 1) {
    const x = places[2 * row]!;
    const y = places[2 * row + 1]!;
    if (x >= left && x <= right && y >= low && y <= high && within(outline, x, y)) found.push(row);
  }
  return found;
}

function within(outline: readonly Point[], x: number, y: number): boolean {
  let odd = false;
  let before = outline.at(-1)!;
  for (const corner of outline) {
    const crosses = corner.y > y !== before.y > y;
    if (crosses && x < ((before.x - corner.x) * (y - corner.y)) / (before.y - corner.y) + corner.x) odd = !odd;
    before = corner;
  }
  return odd;
}

/** The outline of a rectangle between two corners. */
export const rectangle = (a: Point, b: Point): Point[] => [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];
