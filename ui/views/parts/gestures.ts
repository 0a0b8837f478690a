/** Wheel, drag and pinch over a stage, told as "move by" and "zoom by a factor about a point", unless a view grabs a drag. */

import type { Point } from "../../core/zoom.ts";
import { listen } from "./dom.ts";

export interface Gestures {
  move(by: Point): void;
  zoom(factor: number, about: Point): void;
  /** Take a press for something else than moving; null leaves it. */
  grab?(at: Point, event: PointerEvent): Grabbed | null;
  /** Take a turn of the wheel for something else than zooming; says whether it did. */
  wheel?(event: WheelEvent): boolean;
}

/** A press that a view has taken: where the pointer goes, and how it ends; a second finger cancels it. */
export interface Grabbed {
  move(to: Point): void;
  end(): void;
  cancel(): void;
}

const WHEEL_LINE = 16;
const WHEEL_SPEED = 0.0016;

export function hearGestures(stage: HTMLElement, gestures: Gestures, signal: AbortSignal): void {
  hearWheel(stage, gestures, signal);
  hearPointers(stage, gestures, signal);
}

function hearWheel(stage: HTMLElement, gestures: Gestures, signal: AbortSignal): void {
  const heard = (event: WheelEvent): void => {
    event.preventDefault();
    if (gestures.wheel?.(event)) return;
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * WHEEL_LINE : event.deltaY;
    gestures.zoom(Math.exp(-pixels * WHEEL_SPEED), within(stage, event));
  };
  listen(stage, "wheel", heard, { signal, passive: false });
}

/** One pointer moves the image, or what the view grabbed; two move the image and zoom by the distance between them. */
function hearPointers(stage: HTMLElement, gestures: Gestures, signal: AbortSignal): void {
  const down = new Map<number, Point>();
  let grabbed: Grabbed | null = null;
  const begin = (event: PointerEvent): void => {
    if (event.button > 1) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    grabbed?.cancel();
    grabbed = down.size === 0 ? (gestures.grab?.(within(stage, event), event) ?? null) : null;
    down.set(event.pointerId, within(stage, event));
  };
  const move = (event: PointerEvent): void => {
    if (!down.has(event.pointerId)) return;
    const before = [...down.values()];
    down.set(event.pointerId, within(stage, event));
    if (grabbed) grabbed.move(within(stage, event));
    else tell(gestures, before, [...down.values()]);
  };
  const end = (event: PointerEvent): void => {
    down.delete(event.pointerId);
    if (event.type === "pointercancel") grabbed?.cancel();
    else grabbed?.end();
    grabbed = null;
  };
  listen(stage, "pointerdown", begin, { signal });
  listen(stage, "pointermove", move, { signal });
  listen(stage, "pointerup", end, { signal });
  listen(stage, "pointercancel", end, { signal });
}

function tell(gestures: Gestures, before: readonly Point[], after: readonly Point[]): void {
  const [from, to] = [middle(before), middle(after)];
  gestures.move({ x: to.x - from.x, y: to.y - from.y });
  if (before.length === 2) gestures.zoom(distance(after) / Math.max(1, distance(before)), to);
}

function middle(points: readonly Point[]): Point {
  const sum = points.reduce((a, b) => ({ x: a.x + b.x, y: a.y + b.y }));
  return { x: sum.x / points.length, y: sum.y / points.length };
}

function distance([a, b]: readonly Point[]): number {
  return Math.hypot(a!.x - b!.x, a!.y - b!.y);
}

/** Where a pointer is, from the corner of a stage. */
export function within(stage: HTMLElement, event: MouseEvent): Point {
  const box = stage.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
