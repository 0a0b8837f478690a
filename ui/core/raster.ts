/** Points as pixels: written straight into memory, which no browser draws faster without a graphics card. Pure. */
import type { Camera, Places, Size } from "./cloud.ts";

/** A colour as canvases keep it: alpha, blue, green, red from the highest byte. */
export type Pixel = number;

/** Read "#rrggbb". */
export function pixel(colour: string): Pixel {
  const value = Number.parseInt(colour.trim().slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** Mix two colours: `share` of the second. */
export function mixed(one: Pixel, two: Pixel, share: number): Pixel {
  const part = (shift: number) => Math.round(((one >>> shift) & 255) * (1 - share) + ((two >>> shift) & 255) * share) << shift;
  return (0xff000000 | part(16) | part(8) | part(0)) >>> 0;
}

/** A colour on a ramp of some colours, at a share of its length. */
export function onRamp(ramp: readonly Pixel[], share: number): Pixel {
  const place = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
  const first = Math.min(Math.floor(place), ramp.length - 2);
  return mixed(ramp[first]!, ramp[first + 1]!, place - first);
}

export interface Picture extends Size {
  readonly pixels: Uint32Array;
}

/** How the points look: a colour each, and which are drawn last, on top of the others. */
export interface Look {
  readonly colours: Uint32Array;
  readonly onTop: Uint8Array;
  readonly radius: number;
  readonly ground: Pixel;
}

/** Draw all points as discs; those on top last. */
export function paint(picture: Picture, camera: Camera, places: Places, look: Look): void {
  picture.pixels.fill(look.ground);
  const disc = discOf(look.radius, picture.width);
  for (const level of [0, 1]) paintLevel(picture, camera, places, { ...look, level, disc });
}

interface Disc {
  readonly full: Int32Array;
  /** Offsets that the disc covers by half. */
  readonly edge: Int32Array;
  readonly reach: number;
}

function paintLevel(picture: Picture, camera: Camera, places: Places, look: Look & { level: number; disc: Disc }): void {
  const { width, height, pixels } = picture;
  const { colours, onTop, level, disc } = look;
  const [left, top] = [width / 2 - camera.x * camera.zoom, height / 2 + camera.y * camera.zoom];
  const { full, edge, reach } = disc;
  for (let row = 0; row < colours.length; row += 1) {
    if (onTop[row] !== level) continue;
    const x = (left + places[2 * row]! * camera.zoom) | 0;
    const y = (top - places[2 * row + 1]! * camera.zoom) | 0;
    if (x < reach || y < reach || x >= width - reach || y >= height - reach) continue;
    const at = y * width + x;
    const colour = colours[row]!;
    for (let i = 0; i < full.length; i += 1) pixels[at + full[i]!] = colour;
    const half = (colour >>> 1) & 0x7f7f7f7f;
    for (let i = 0; i < edge.length; i += 1) pixels[at + edge[i]!] = (half + ((pixels[at + edge[i]!]! >>> 1) & 0x7f7f7f7f)) | 0xff000000;
  }
}

/** The offsets of a disc's pixels from its middle in a picture of a width. */
function discOf(radius: number, width: number): Disc {
  const reach = Math.ceil(radius);
  const [full, edge]: [number[], number[]] = [[], []];
  for (let y = -reach; y <= reach; y += 1) {
    for (let x = -reach; x <= reach; x += 1) {
      const away = Math.hypot(x, y) - radius;
      if (away <= -0.5) full.push(y * width + x);
      else if (away <= 0.35) edge.push(y * width + x);
    }
  }
  return { full: Int32Array.from(full), edge: Int32Array.from(edge), reach };
}
