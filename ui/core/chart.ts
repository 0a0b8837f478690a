/** The geometry of a plot with a band: scales, ticks and paths as SVG takes them. Pure. */

/** One point of a curve with its interval. */
export interface Banded {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** From a value to a place on the screen. */
export type Scale = (value: number) => number;

/** Map [from, to] onto [start, end] in a straight line. */
export function scale([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  const width = to - from || 1;
  return (value) => start + ((value - from) / width) * (end - start);
}

/** Give the round values between two others, about `wanted` of them: steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, wanted = 5): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((factor) => factor * power >= raw * (1 - 1e-9)) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/**
 * Choose where the axis of a share starts: at 0, or at one half where every interval lies above it. The page says so
 * beside the axis, for a cut axis makes a small gain look large.
 */
export function shareFloor(points: readonly Banded[]): 0 | 0.5 {
  return points.length > 0 && points.every((point) => point.low >= 0.5) ? 0.5 : 0;
}

export function linePath(points: readonly Banded[], x: Scale, y: Scale): string {
  return points.map((point, at) => `${at ? "L" : "M"}${place(x(point.x))} ${place(y(point.y))}`).join("");
}

/** The band: along the upper ends, and back along the lower ones. */
export function bandPath(points: readonly Banded[], x: Scale, y: Scale): string {
  const edge = (value: (point: Banded) => number) => (point: Banded) => `${place(x(point.x))} ${place(y(value(point)))}`;
  const upper = points.map(edge((point) => point.high));
  const lower = [...points].reverse().map(edge((point) => point.low));
  return points.length ? `M${[...upper, ...lower].join("L")}Z` : "";
}

// A tenth of a pixel is finer than any screen shows, and keeps paths short.
const place = (value: number): string => String(Math.round(value * 10) / 10);
