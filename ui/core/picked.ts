/** What is chosen on the map: counted, narrowed, coloured. Pure. */
import { ASIDE, AUDIT, UNKNOWN } from "./cloud.ts";
import type { Columns } from "./cloud.ts";
import { mixed, onRamp } from "./raster.ts";
import type { Pixel } from "./raster.ts";

export type ColourBy = "label" | "predicted" | "uncertainty" | "round";

/** How many of some rows can be labelled, have a label, and are the audit's. */
export interface Count {
  readonly open: number;
  readonly labelled: number;
  readonly audit: number;
}

/** Whether a point may be labelled with others: it has no label, and is not the audit's. */
export const isOpen = (columns: Columns, row: number): boolean => columns.label[row] === -1 && !(columns.flags[row]! & AUDIT);

export function counted(columns: Columns, rows: readonly number[]): Count {
  let [open, labelled, audit] = [0, 0, 0];
  for (const row of rows) {
    if (isOpen(columns, row)) open += 1;
    else if (columns.label[row] !== -1) labelled += 1;
    else audit += 1;
  }
  return { open, labelled, audit };
}

/** What narrows a choice: everything, what has no label yet, or what the model holds for one class. */
export type Filter = "all" | "open" | number;

export const narrowed = (columns: Columns, rows: readonly number[], filter: Filter): readonly number[] =>
  filter === "all" ? rows : rows.filter((row) => (filter === "open" ? isOpen(columns, row) : columns.predicted[row] === filter));

/** The value that colours a point: a class for label and predicted, a share of 1 for the others; -1 for none. */
export function valueOf(columns: Columns, by: ColourBy, row: number, lastRound: number): number {
  if (by === "label") return columns.label[row] === -2 ? -1 : columns.label[row]!;
  if (by === "predicted") return columns.predicted[row]!;
  if (by === "uncertainty") return columns.unsure[row] === UNKNOWN ? -1 : columns.unsure[row]! / 254;
  if (columns.label[row] === -1) return -1;
  return lastRound > 1 ? Math.max(0, columns.round[row]! - 1) / (lastRound - 1) : 1;
}

export interface Paints {
  readonly classes: readonly Pixel[];
  readonly others: Pixel;
  readonly none: Pixel;
  readonly ramp: readonly Pixel[];
  readonly ground: Pixel;
}

const FADED = 0.78;

export interface Coloured {
  readonly colours: Uint32Array;
  readonly onTop: Uint8Array;
}

/** Colour all points; where some are chosen, the others fade. `places` says which paint each class has, -1 the common one. */
export function coloured(
  columns: Columns,
  look: { by: ColourBy; lastRound: number; paints: Paints; places: readonly number[]; chosen: ReadonlySet<number> },
): Coloured {
  const n = columns.label.length;
  const { by, paints, places, chosen } = look;
  const [colours, onTop] = [new Uint32Array(n), new Uint8Array(n)];
  const steps = Array.from({ length: 255 }, (_, at) => onRamp(paints.ramp, at / 254));
  const byClass = by === "label" || by === "predicted";
  for (let row = 0; row < n; row += 1) {
    const value = valueOf(columns, by, row, look.lastRound);
    let colour = paints.none;
    if (value >= 0 && byClass) colour = paints.classes[places[value] ?? -1] ?? paints.others;
    else if (value >= 0) colour = steps[Math.round(value * 254)]!;
    const faded = chosen.size > 0 && !chosen.has(row);
    colours[row] = faded ? mixed(colour, paints.ground, FADED) : colour;
    onTop[row] = value >= 0 && !faded ? 1 : 0;
  }
  return { colours, onTop };
}

/** Deal the paints to the commonest classes; -1 for those that share one. */
export function paintPlaces(columns: Columns, by: ColourBy, classes: number, paints: number): number[] {
  const values = by === "predicted" ? columns.predicted : columns.label;
  const counts = new Array<number>(classes).fill(0);
  for (const value of values) if (value >= 0) counts[value]! += 1;
  if (classes <= paints) return counts.map((_, at) => at);
  const ranked = counts.map((n, at) => [n, at] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  const found = new Array<number>(classes).fill(-1);
  ranked.slice(0, paints).forEach(([, at], place) => (found[at] = place));
  return found;
}

/** The flags of a point in words. */
export function stateOf(columns: Columns, row: number): string {
  if (columns.flags[row]! & AUDIT) return columns.label[row] === -1 ? "audit, not labelled" : "audit";
  return columns.label[row] !== -1 ? "labelled" : columns.flags[row]! & ASIDE ? "set aside" : "";
}
