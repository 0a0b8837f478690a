/**
 * Boxes in an image: what is drawn, which box is at hand, and what each action of a person makes of it.
 *
 * Pure: every function takes a state and gives another. Places are pixels of the original image, from the corner at its
 * top left, kept to a hundredth and inside the image.
 */

import type { Steps } from "./steps.ts";
import { back, first, forth, taken } from "./steps.ts";
import type { Name } from "./types.ts";
import type { Point, Size } from "./zoom.ts";

/** x and y of the corner at the top left, width and height. */
export type Sides = readonly [x: number, y: number, width: number, height: number];

export interface Box {
  readonly label: Name;
  readonly box: Sides;
}

/** A box that the model saw, with the probability of its class. */
export interface Scored extends Box {
  readonly score: number;
}

/** Which edges of a box a hand holds: "n", "se" …; "" holds none. */
export type Grip = "" | "n" | "s" | "e" | "w" | "nw" | "ne" | "sw" | "se";

/** All that the view of boxes knows. */
export interface Boxing {
  readonly size: Size;
  readonly steps: Steps<readonly Box[]>;
  /** What the model saw, for the threshold; empty when it told no probabilities. */
  readonly offered: readonly Scored[];
  readonly threshold: number;
  /** True while the boxes are the model's and nobody has changed them. */
  readonly suggested: boolean;
  /** The box that keys move and numbers name, by its place in the list. */
  readonly active: number | null;
  /** The class of the next box. */
  readonly name: Name;
}

/** From which probability on a box is offered until somebody says otherwise: likelier than not. */
export const LIKELY = 0.5;
const LEAST = 1;
const GRIPS: readonly Grip[] = ["nw", "ne", "sw", "se", "n", "s", "e", "w"];

export interface Start {
  size: Size;
  boxes: readonly Box[];
  offered: readonly Scored[];
  suggested: boolean;
  name: Name;
}

/** Begin with the boxes of an answer or of a suggestion. */
export function begin({ boxes, ...start }: Start): Boxing {
  return { ...start, steps: first(boxes), threshold: LIKELY, active: null };
}

export const boxesOf = (boxing: Boxing): readonly Box[] => boxing.steps.now;

export const activeBox = (boxing: Boxing): Box | null =>
  boxing.active === null ? null : (boxesOf(boxing)[boxing.active] ?? null);

/** Show what the model is at least so sure of; nothing changes once the boxes are the person's. */
export function atLeast(boxing: Boxing, threshold: number): Boxing {
  if (!boxing.suggested || boxing.offered.length === 0) return boxing;
  const held = Math.min(1, Math.max(0, Math.round(threshold * 100) / 100));
  const kept = boxing.offered.filter(({ score }) => score >= held).map(({ label, box }) => ({ label, box }));
  return { ...boxing, threshold: held, steps: first(kept), active: null };
}

/** Make the model's boxes the person's, as they are shown. */
export const adopt = (boxing: Boxing): Boxing => ({ ...boxing, suggested: false });

/** Draw a box between two corners; it becomes the one at hand. */
export function draw(boxing: Boxing, from: Point, to: Point): Boxing {
  const box = within([Math.min(from.x, to.x), Math.min(from.y, to.y), Math.abs(to.x - from.x), Math.abs(to.y - from.y)], boxing.size);
  const boxes = [...boxesOf(boxing), { label: boxing.name, box }];
  return { ...change(boxing, boxes), active: boxes.length - 1 };
}

/** Put a box of a usual size into the middle of what is seen. */
export function insert(boxing: Boxing, about: Point): Boxing {
  const [width, height] = usual(boxing);
  const corner = { x: about.x - width / 2, y: about.y - height / 2 };
  return draw(boxing, corner, { x: corner.x + width, y: corner.y + height });
}

/** Move the box at hand, as far as the image goes; steps of one kind in a row are taken back as one. */
export function move(boxing: Boxing, by: Point, kind = ""): Boxing {
  const held = activeBox(boxing);
  if (!held) return boxing;
  const [x, y, width, height] = held.box;
  const inside = (at: number, extent: number, room: number): number => round(Math.min(room - extent, Math.max(0, at)));
  const box: Sides = [inside(x + by.x, width, boxing.size.width), inside(y + by.y, height, boxing.size.height), width, height];
  return replaced(boxing, { ...held, box }, kind);
}

/** Move the edges of the box at hand that a grip holds; an edge that passes the one across from it changes places with it. */
export function resize(boxing: Boxing, grip: Grip, by: Point, kind = ""): Boxing {
  const held = activeBox(boxing);
  if (!held || grip === "") return boxing;
  const [x, y, width, height] = held.box;
  const left = x + (grip.includes("w") ? by.x : 0);
  const right = x + width + (grip.includes("e") ? by.x : 0);
  const top = y + (grip.includes("n") ? by.y : 0);
  const bottom = y + height + (grip.includes("s") ? by.y : 0);
  const sides: Sides = [Math.min(left, right), Math.min(top, bottom), Math.abs(right - left), Math.abs(bottom - top)];
  return replaced(boxing, { ...held, box: within(sides, boxing.size) }, kind);
}

/** Give the box at hand a class; without one, choose the class of the next box. */
export function name(boxing: Boxing, label: Name): Boxing {
  const held = activeBox(boxing);
  const named = { ...boxing, name: label };
  return held && held.label !== label ? replaced(named, { ...held, label }) : named;
}

/** Remove the box at hand. */
export function remove(boxing: Boxing): Boxing {
  if (boxing.active === null) return boxing;
  return { ...change(boxing, boxesOf(boxing).filter((_, at) => at !== boxing.active)), active: null };
}

export const activate = (boxing: Boxing, active: number | null): Boxing => ({ ...boxing, active });

/** Take a click: the smallest box under it; again at the same place, the next larger one; beside all, none. */
export function click(boxing: Boxing, at: Point, slack: number): Boxing {
  const under = hits(boxing, at, slack);
  const place = boxing.active === null ? -1 : under.indexOf(boxing.active);
  return activate(boxing, under[place < 0 ? 0 : (place + 1) % under.length] ?? null);
}

/** List the boxes under a point, the smallest first: one inside another can be reached. */
export function hits(boxing: Boxing, at: Point, slack: number): number[] {
  const boxes = boxesOf(boxing);
  const under = boxes.flatMap(({ box }, index) => (holds(box, at, slack) ? [index] : []));
  return under.sort((a, b) => area(boxes[a]!.box) - area(boxes[b]!.box));
}

/** Find the edge or corner of the box at hand that lies at a point. */
export function gripAt(boxing: Boxing, at: Point, slack: number): Grip {
  const held = activeBox(boxing);
  if (!held) return "";
  // Of a small box the middle must stay free, to move it by.
  const near = Math.min(slack, Math.max(held.box[2], held.box[3]) / 4);
  return GRIPS.find((grip) => distance(gripPlace(held.box, grip), at, grip) <= near && holds(held.box, at, near)) ?? "";
}

/** Where a grip stands: on a corner, or on the middle of an edge. */
export function gripPlace([x, y, width, height]: Sides, grip: Grip): Point {
  const along = (low: boolean, high: boolean): number => (low ? 0 : high ? 1 : 0.5);
  return { x: x + width * along(grip.includes("w"), grip.includes("e")), y: y + height * along(grip.includes("n"), grip.includes("s")) };
}

/** Make the next box the one at hand: boxes that overlap follow each other; past the last none is. */
export function cycle(boxing: Boxing, by: 1 | -1): Boxing {
  const order = inChains(boxesOf(boxing));
  const place = boxing.active === null ? (by > 0 ? -1 : order.length) : order.indexOf(boxing.active);
  return activate(boxing, order[place + by] ?? null);
}

/** Take back the last change; what is left is the person's, even where it equals a suggestion. */
export const undo = (boxing: Boxing): Boxing => stepped(boxing, back(boxing.steps));

/** Make again the last change that was taken back. */
export const redo = (boxing: Boxing): Boxing => stepped(boxing, forth(boxing.steps));

function stepped(boxing: Boxing, steps: Boxing["steps"]): Boxing {
  return steps === boxing.steps ? boxing : { ...boxing, steps, active: null, suggested: false };
}

function change(boxing: Boxing, boxes: readonly Box[], kind = ""): Boxing {
  return { ...boxing, steps: taken(boxing.steps, boxes, kind), suggested: false };
}

function replaced(boxing: Boxing, box: Box, kind = ""): Boxing {
  const held = activeBox(boxing)!;
  const same = held.label === box.label && held.box.every((side, at) => side === box.box[at]);
  if (same) return boxing;
  const boxes = boxesOf(boxing).map((one, at) => (at === boxing.active ? box : one));
  return change(boxing, boxes, kind && `${kind} ${boxing.active}`);
}

/** Cut a box to the image, at least a pixel wide and high. */
function within([x, y, width, height]: Sides, size: Size): Sides {
  const cut = (low: number, extent: number, room: number): [number, number] => {
    const start = Math.min(Math.max(0, low), Math.max(0, room - LEAST));
    return [round(start), round(Math.max(Math.min(LEAST, room), Math.min(room, low + extent) - start))];
  };
  const [left, wide] = cut(x, width, size.width);
  const [top, high] = cut(y, height, size.height);
  return [left, top, Math.min(wide, size.width - left), Math.min(high, size.height - top)];
}

/** The size that half of the boxes exceed; of the first box, a fifth of the image. */
function usual({ size, steps }: Boxing): [number, number] {
  const middle = (side: 2 | 3, otherwise: number): number => {
    const all = steps.now.map(({ box }) => box[side]).sort((a, b) => a - b);
    return all[Math.floor(all.length / 2)] ?? otherwise;
  };
  return [middle(2, size.width / 5), middle(3, size.height / 5)];
}

/** Order boxes from top left to bottom right, each followed by those that overlap it. */
function inChains(boxes: readonly Box[]): number[] {
  const found = new Set<number>();
  const visit = (at: number): void => {
    if (found.has(at)) return;
    found.add(at);
    boxes.forEach((other, index) => overlap(boxes[at]!.box, other.box) && visit(index));
  };
  const reading = boxes.map((_, at) => at).sort((a, b) => boxes[a]!.box[1] - boxes[b]!.box[1] || boxes[a]!.box[0] - boxes[b]!.box[0]);
  reading.forEach(visit);
  return [...found];
}

const overlap = (a: Sides, b: Sides): boolean =>
  a[0] < b[0] + b[2] && b[0] < a[0] + a[2] && a[1] < b[1] + b[3] && b[1] < a[1] + a[3];

const holds = ([x, y, width, height]: Sides, at: Point, slack: number): boolean =>
  x - slack <= at.x && at.x <= x + width + slack && y - slack <= at.y && at.y <= y + height + slack;

/** How far a point is from a corner, or from an edge as a line. */
function distance(place: Point, at: Point, grip: Grip): number {
  if (grip === "n" || grip === "s") return Math.abs(place.y - at.y);
  if (grip === "e" || grip === "w") return Math.abs(place.x - at.x);
  return Math.max(Math.abs(place.x - at.x), Math.abs(place.y - at.y));
}

const area = ([, , width, height]: Sides): number => width * height;

const round = (value: number): number => Math.round(value * 100) / 100;
