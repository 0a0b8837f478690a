/**
 * Particles of a micrograph: where their centres are, how large they are, and where somebody has looked.
 *
 * Pure: every function takes a state and gives another. Places are pixels of the micrograph as recorded; the centre of
 * a pixel is a whole number, so the corner of the picture is at −½, −½. Kept to a hundredth.
 */

import type { Steps } from "./steps.ts";
import { back, first, forth, taken } from "./steps.ts";
import type { Point, Size } from "./zoom.ts";

export type Place = readonly [x: number, y: number];

/** x and y of the corner at the top left, width and height; from corner to corner of pixels. */
export type Region = readonly [x: number, y: number, width: number, height: number];

/** A particle that the model saw, and how probable it is. */
export interface ScoredPlace {
  readonly place: Place;
  readonly score: number;
}

/** What a label says; `searched` null: all of it was looked at; `diameter` null: nobody has said. */
export interface Marked {
  readonly points: readonly Place[];
  readonly diameter: number | null;
  readonly searched: readonly Region[] | null;
}

/** All that the view of particles knows. */
export interface Picking {
  readonly size: Size;
  readonly steps: Steps<Marked>;
  /** What the model saw, the surest first; empty when it told no probabilities. */
  readonly offered: readonly ScoredPlace[];
  readonly threshold: number;
  /** True while the points are the model's and nobody has changed them. */
  readonly suggested: boolean;
  /** The point that keys move, by its place in the list. */
  readonly active: number | null;
}

export interface Start {
  size: Size;
  marked: Marked;
  offered: readonly ScoredPlace[];
  suggested: boolean;
}

const HALF = 0.5;
const SMALLEST = 2;

export function begin({ marked, ...start }: Start): Picking {
  return { ...start, steps: first(marked), threshold: HALF, active: null };
}

export const markedOf = (picking: Picking): Marked => picking.steps.now;

export const pointsOf = (picking: Picking): readonly Place[] => picking.steps.now.points;

/** Show what the model is at least so sure of; nothing changes once the points are the person's. */
export function atLeast(picking: Picking, threshold: number): Picking {
  if (!picking.suggested || picking.offered.length === 0) return picking;
  const held = Math.min(1, Math.max(0, Math.round(threshold * 100) / 100));
  const points = picking.offered.filter(({ score }) => score >= held).map(({ place }) => place);
  return { ...picking, threshold: held, steps: first({ ...markedOf(picking), points }), active: null };
}

/** Make the model's points the person's, as they are shown. */
export const adopt = (picking: Picking): Picking => ({ ...picking, suggested: false });

/** Put a particle at a place; it becomes the one at hand. No two have the same centre. */
export function place(picking: Picking, at: Point): Picking {
  const point = inside(at, picking.size);
  const points = pointsOf(picking);
  const there = points.findIndex(([x, y]) => x === point[0] && y === point[1]);
  if (there >= 0) return { ...picking, active: there };
  return { ...change(picking, { points: [...points, point] }), active: points.length };
}

/** Find the particle nearest to a place, not farther than a reach; null when there is none. */
export function nearest(picking: Picking, at: Point, reach: number): number | null {
  let best: number | null = null;
  let least = reach * reach;
  pointsOf(picking).forEach(([x, y], index) => {
    const far = (x - at.x) ** 2 + (y - at.y) ** 2;
    if (far <= least) [best, least] = [index, far];
  });
  return best;
}

/** Take a click: it removes the particle there, or else puts one. */
export function click(picking: Picking, at: Point, reach: number): Picking {
  const there = nearest(picking, at, reach);
  return there === null ? { ...place(picking, at), active: null } : remove({ ...picking, active: there });
}

/** Move the particle at hand; steps of one kind in a row are taken back as one. */
export function move(picking: Picking, by: Point, kind = ""): Picking {
  const held = picking.active === null ? undefined : pointsOf(picking)[picking.active];
  if (!held) return picking;
  const moved = inside({ x: held[0] + by.x, y: held[1] + by.y }, picking.size);
  const full = pointsOf(picking).some(([x, y]) => x === moved[0] && y === moved[1]);
  if (full) return picking;
  const points = pointsOf(picking).map((point, at) => (at === picking.active ? moved : point));
  return change(picking, { points }, kind && `${kind} ${picking.active}`);
}

/** Remove the particle at hand. */
export function remove(picking: Picking): Picking {
  if (picking.active === null) return picking;
  const points = pointsOf(picking).filter((_, at) => at !== picking.active);
  return { ...change(picking, { points }), active: null };
}

export const activate = (picking: Picking, active: number | null): Picking => ({ ...picking, active });

/** Make the next particle the one at hand, from top to bottom; past the last none is. */
export function cycle(picking: Picking, by: 1 | -1): Picking {
  const points = pointsOf(picking);
  const order = points.map((_, at) => at).sort((a, b) => points[a]![1] - points[b]![1] || points[a]![0] - points[b]![0]);
  const at = picking.active === null ? (by > 0 ? -1 : order.length) : order.indexOf(picking.active);
  return activate(picking, order[at + by] ?? null);
}

/** Say how large the particles are; `usual` is what is shown while nobody has said. */
export function grow(picking: Picking, by: number, usual: number): Picking {
  const now = markedOf(picking).diameter ?? usual;
  const most = Math.max(SMALLEST, Math.min(picking.size.width, picking.size.height));
  const diameter = Math.min(most, Math.max(SMALLEST, Math.round(now + by)));
  return diameter === markedOf(picking).diameter ? picking : change(picking, { diameter }, "grow");
}

/** Mark a rectangle as searched: from then on nothing is said of what lies outside all of them. */
export function search(picking: Picking, from: Point, to: Point): Picking {
  const { width, height } = picking.size;
  const held = (at: number, room: number): number => round(Math.min(room, Math.max(0, at + HALF)));
  const [left, right] = [held(Math.min(from.x, to.x), width), held(Math.max(from.x, to.x), width)];
  const [top, bottom] = [held(Math.min(from.y, to.y), height), held(Math.max(from.y, to.y), height)];
  if (right - left < 1 || bottom - top < 1) return picking;
  // A region counts from centres of pixels, as points do.
  const region: Region = [round(left - HALF), round(top - HALF), round(right - left), round(bottom - top)];
  return change(picking, { searched: [...(markedOf(picking).searched ?? []), region] });
}

/** Take the searched rectangle away that was marked last at a place; without any left, all of it counts as searched. */
export function unsearch(picking: Picking, at: Point): Picking {
  const regions = markedOf(picking).searched ?? [];
  const under = regions.map(([x, y, w, h]) => x <= at.x && at.x <= x + w && y <= at.y && at.y <= y + h);
  const hit = under.lastIndexOf(true);
  if (hit < 0) return picking;
  const left = regions.filter((_, index) => index !== hit);
  return change(picking, { searched: left.length ? left : null });
}

/** Say that all of it was searched. */
export const searchedAll = (picking: Picking): Picking =>
  markedOf(picking).searched === null ? picking : change(picking, { searched: null });

/** Take back the last change; what is left is the person's, even where it equals a suggestion. */
export const undo = (picking: Picking): Picking => stepped(picking, back(picking.steps));

/** Make again the last change that was taken back. */
export const redo = (picking: Picking): Picking => stepped(picking, forth(picking.steps));

function stepped(picking: Picking, steps: Picking["steps"]): Picking {
  return steps === picking.steps ? picking : { ...picking, steps, active: null, suggested: false };
}

function change(picking: Picking, by: Partial<Marked>, kind = ""): Picking {
  return { ...picking, steps: taken(picking.steps, { ...markedOf(picking), ...by }, kind), suggested: false };
}

/** Hold a place inside the micrograph, which begins half a pixel before the first centre. */
function inside({ x, y }: Point, { width, height }: Size): Place {
  const held = (at: number, room: number): number => round(Math.min(room - HALF, Math.max(-HALF, at)));
  return [held(x, width), held(y, height)];
}

const round = (value: number): number => Math.round(value * 100) / 100;
