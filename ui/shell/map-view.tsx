/** The canvas of the map: points as pixels, moved, zoomed, and outlined by mouse or keys. */
import { computed, effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { fitted, inside, moved, nearest, rectangle, toMap, toScreen, zoomed } from "../core/cloud.ts";
import type { Camera, Point, Size } from "../core/cloud.ts";
import { coloured, paintPlaces } from "../core/picked.ts";
import { paint } from "../core/raster.ts";
import { choose, colourBy, columns, lastRound, pickedSet, places } from "./map-data.ts";
import { palette } from "./map-palette.ts";

export type Tool = "move" | "lasso" | "rectangle";

export const tool = signal<Tool>("move");
export const camera = signal<Camera | null>(null);
export const size = signal<Size>({ width: 0, height: 0 });
/** The row under the pointer or the cross, where it is on the screen, or -1. */
export const hovered = signal(-1);
/** The row that is looked at closely, or -1. */
export const opened = signal(-1);
/** The keyboard's cross, in pixels; null while the mouse is used. */
const cross = signal<Point | null>(null);
/** The outline begun, in places on the map. */
const outline = signal<readonly Point[]>([]);

const REACH = 12;
const CLICK = 4;
const STEP = 24;

const look = computed(() => {
  const known = columns.value;
  const paints = palette.value;
  if (!known || !paints) return null;
  const dealt = paintPlaces(known, colourBy.value, paints.count, paints.classes.length);
  return coloured(known, { by: colourBy.value, lastRound: lastRound.value, paints, places: dealt, chosen: pickedSet.value });
});

/** Show everything. */
export const fit = (): void => void (camera.value = fitted(places.value, size.value));

export function MapView() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => watchSize(canvas.current!), []);
  useEffect(() => ((camera.value = null), keepFitted()), [places.value.length]);
  useEffect(() => keepDrawn(canvas.current!), []);
  return (
    <canvas
      ref={canvas}
      class={`map-canvas map-${tool.value}`}
      tabIndex={0}
      role="application"
      aria-label={`Map of ${places.value.length / 2} items. ${HELP}`}
      onPointerDown={begin}
      onPointerMove={go}
      onPointerUp={end}
      onPointerCancel={drop}
      onPointerLeave={() => (hovered.value = -1)}
      onWheel={wheel}
      onKeyDown={press}
      onBlur={() => (cross.value = null)}
    />
  );
}

const HELP =
  "Arrows move the cross, plus and minus zoom, 0 shows all, Space puts a corner of a rectangle or of a lasso, Enter closes a lasso or opens the item at the cross. The items are listed beside the map.";

function watchSize(canvas: HTMLCanvasElement): () => void {
  const observer = new ResizeObserver(() => (size.value = { width: canvas.clientWidth, height: canvas.clientHeight }));
  observer.observe(canvas);
  return () => observer.disconnect();
}

/** Show everything as soon as there is something to show and room for it. */
const keepFitted = (): (() => void) => effect(() => {
  if (!camera.value && size.value.width > 0 && places.value.length > 0) fit();
});

/** Draw once for each frame in which something changed, whatever the components around do. */
function keepDrawn(canvas: HTMLCanvasElement): () => void {
  let frame = 0;
  const stop = effect(() => {
    void [look.value, camera.value, size.value, hovered.value, opened.value, cross.value, outline.value, moving.value];
    frame ||= requestAnimationFrame(() => ((frame = 0), draw(canvas)));
  });
  return () => (stop(), cancelAnimationFrame(frame));
}

let image: ImageData | null = null;

function draw(canvas: HTMLCanvasElement): void {
  const seen = camera.value;
  const paints = palette.value;
  const { width, height } = size.value;
  const scale = moving.value ? 1 : devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (!seen || !look.value || !paints || w < 1 || h < 1) return;
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  if (!image || image.width !== w || image.height !== h) image = new ImageData(w, h);
  const picture = { width: w, height: h, pixels: new Uint32Array(image.data.buffer) };
  const sharp = { ...seen, zoom: seen.zoom * scale };
  paint(picture, sharp, places.value, { ...look.value, radius: radius(look.value.colours.length) * scale, ground: paints.ground });
  const pen = canvas.getContext("2d")!;
  pen.putImageData(image, 0, 0);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  drawOver(pen, seen);
  // So that a measurement can count what was really drawn.
  canvas.dataset["frames"] = String(Number(canvas.dataset["frames"] ?? 0) + 1);
}

const radius = (n: number): number => (n <= 1_000 ? 4.5 : n <= 10_000 ? 3.5 : n <= 50_000 ? 2.5 : 2);

function drawOver(pen: CanvasRenderingContext2D, seen: Camera): void {
  const style = getComputedStyle(document.documentElement);
  const colour = style.getPropertyValue("--text");
  pen.lineWidth = 1.5;
  pen.strokeStyle = colour;
  for (const row of new Set([hovered.value, opened.value])) if (row >= 0) ring(pen, screenOf(row, seen));
  if (outline.value.length > 0) trace(pen, outline.value, seen);
  if (cross.value) plus(pen, cross.value);
}

const screenOf = (row: number, seen: Camera): Point => toScreen(seen, size.value, places.value[2 * row]!, places.value[2 * row + 1]!);

function ring(pen: CanvasRenderingContext2D, at: Point): void {
  pen.beginPath();
  pen.arc(at.x, at.y, 8, 0, 2 * Math.PI);
  pen.stroke();
}

function plus(pen: CanvasRenderingContext2D, at: Point): void {
  pen.beginPath();
  for (const [x, y] of [[9, 0], [0, 9]] as const) {
    pen.moveTo(at.x - x, at.y - y);
    pen.lineTo(at.x + x, at.y + y);
  }
  pen.stroke();
}

function trace(pen: CanvasRenderingContext2D, corners: readonly Point[], seen: Camera): void {
  const open = cross.value ? [...corners, toMap(seen, size.value, cross.value)] : corners;
  const shape = tool.value === "rectangle" && open.length > 1 ? rectangle(open[0]!, open.at(-1)!) : open;
  pen.beginPath();
  for (const corner of shape) {
    const { x, y } = toScreen(seen, size.value, corner.x, corner.y);
    pen.lineTo(x, y);
  }
  pen.closePath();
  pen.setLineDash([5, 4]);
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 0.08;
  pen.fillStyle = pen.strokeStyle;
  pen.fill();
  pen.globalAlpha = 1;
}

// The mouse.

/** While the map is dragged it is drawn in coarse pixels: four times as fast on a fine screen. */
const moving = signal(false);

let dragged: { start: Point; last: Point; shift: boolean; far: boolean } | null = null;

const at = (event: PointerEvent | WheelEvent): Point => ({ x: event.offsetX, y: event.offsetY });

function begin(event: PointerEvent): void {
  if (event.button !== 0 || !camera.value) return;
  (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  cross.value = null;
  dragged = { start: at(event), last: at(event), shift: event.shiftKey, far: false };
  if (tool.value !== "move") outline.value = [toMap(camera.value, size.value, at(event))];
}

function go(event: PointerEvent): void {
  const seen = camera.value;
  if (!seen) return;
  const here = at(event);
  if (!dragged) return void (hovered.value = nearest(places.value, toMap(seen, size.value, here), REACH / seen.zoom));
  dragged.far ||= Math.hypot(here.x - dragged.start.x, here.y - dragged.start.y) > CLICK;
  moving.value = tool.value === "move" && dragged.far;
  if (tool.value === "move") camera.value = moved(seen, here.x - dragged.last.x, here.y - dragged.last.y);
  else if (tool.value === "lasso") outline.value = [...outline.value, toMap(seen, size.value, here)];
  else outline.value = [outline.value[0]!, toMap(seen, size.value, here)];
  dragged.last = here;
}

function end(event: PointerEvent): void {
  const drag = dragged;
  const seen = camera.value;
  dragged = null;
  moving.value = false;
  if (!drag || !seen) return;
  if (!drag.far) {
    outline.value = [];
    opened.value = nearest(places.value, toMap(seen, size.value, at(event)), REACH / seen.zoom);
  } else if (tool.value !== "move") closeOutline(drag.shift);
}

const drop = (): void => void ([dragged, outline.value, moving.value] = [null, [], false]);

function wheel(event: WheelEvent): void {
  if (!camera.value) return;
  event.preventDefault();
  camera.value = zoomed(camera.value, size.value, at(event), Math.exp(-event.deltaY / 400));
}

/** Choose what the outline holds; with Shift besides what was chosen before. */
function closeOutline(more: boolean): void {
  const corners = outline.value;
  outline.value = [];
  const shape = tool.value === "rectangle" && corners.length > 1 ? rectangle(corners[0]!, corners.at(-1)!) : corners;
  if (shape.length > 2) choose(inside(places.value, shape), more);
}

// The keys.

const arrows: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const middle = (): Point => ({ x: size.value.width / 2, y: size.value.height / 2 });

function press(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || !camera.value) return;
  const arrow = arrows[event.key];
  if (arrow) step(arrow, event.shiftKey ? STEP / 6 : STEP);
  else if (event.key === "+" || event.key === "=") zoomKey(1.25);
  else if (event.key === "-") zoomKey(0.8);
  else if (event.key === "0") fit();
  else if (event.key === " ") corner();
  else if (event.key === "Enter") enter(event.shiftKey);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

const zoomKey = (factor: number): void => void (camera.value = zoomed(camera.value!, size.value, cross.value ?? middle(), factor));

/** Move the cross; at the edge the map moves below it. */
function step([x, y]: readonly [number, number], by: number): void {
  const before = cross.value ?? middle();
  const next = { x: before.x + x * by, y: before.y + y * by };
  const { width, height } = size.value;
  if (next.x < 0 || next.y < 0 || next.x > width || next.y > height) camera.value = moved(camera.value!, -x * by, -y * by);
  else cross.value = next;
  hovered.value = nearest(places.value, toMap(camera.value!, size.value, cross.value ?? before), REACH / camera.value!.zoom);
}

function corner(): void {
  cross.value ??= middle();
  if (tool.value === "move") tool.value = "rectangle";
  outline.value = [...outline.value, toMap(camera.value!, size.value, cross.value)];
  if (tool.value === "rectangle" && outline.value.length === 2) closeOutline(false);
}

function enter(more: boolean): void {
  if (outline.value.length > 2) return closeOutline(more);
  const place = toMap(camera.value!, size.value, cross.value ?? middle());
  opened.value = nearest(places.value, place, (2 * REACH) / camera.value!.zoom);
}

/** Forget the outline begun; says whether there was one. */
export function cancelOutline(): boolean {
  const begun = outline.value.length > 0;
  outline.value = [];
  return begun;
}

/** Where a row is on the screen, for what stands beside it. */
export const placeOf = (row: number): Point | null =>
  camera.value && row >= 0 && 2 * row < places.value.length ? screenOf(row, camera.value) : null;

/** The rows on the screen. */
export function inView(): number[] {
  const seen = camera.value;
  if (!seen) return [];
  const { width, height } = size.value;
  const box = rectangle(toMap(seen, size.value, { x: 0, y: 0 }), toMap(seen, size.value, { x: width, y: height }));
  return inside(places.value, box);
}

