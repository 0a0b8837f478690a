/** The window of a scan: which recorded values are black and white. Pure. */

export interface Window {
  readonly centre: number;
  readonly width: number;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The part of the window that a pixel of the screen, or of a key, moves it by. */
const PER_PIXEL = 1 / 250;

/** Move the window as readers of scans know it: to the right wider, down brighter; held to the range of the values. */
export function turned(window: Window, by: { x: number; y: number }, range: Range): Window {
  const whole = Math.max(range.high - range.low, Number.EPSILON);
  const step = Math.max(window.width, whole / 100) * PER_PIXEL;
  const width = Math.min(2 * whole, Math.max(whole / 1000, window.width + by.x * step));
  const centre = Math.min(range.high, Math.max(range.low, window.centre - by.y * step));
  return { centre: plain(centre), width: plain(width) };
}

/** Write a window into an address; never as 1e-7, which the server would refuse. */
export const written = ({ centre, width }: Window): string => `${decimal(centre)},${decimal(width)}`;

const decimal = (value: number): string => value.toFixed(6).replace(/\.?0+$/, "");

/** Four digits are more than anybody sees. */
const plain = (value: number): number => Number(value.toPrecision(4));
