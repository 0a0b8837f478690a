/**
 * A canvas over a picture, as sharp as the screen, painted once a frame however often it is asked to.
 *
 * It reaches over the edges of the screen: while the picture is only moved, what is painted moves along as one sheet,
 * and thousands of marks cost no more than none. It is painted anew when the sheet ends, and once the hand rests.
 */

import type { Look, Point, Size } from "../../core/zoom.ts";
import { element } from "./dom.ts";

export type Pen = CanvasRenderingContext2D;

/** Draws on a sheet of a size, in pixels of the screen; `look` says where the image lies on it. */
export type Draw = (pen: Pen, look: Look, room: Size) => void;

/** What the sheet reaches over each edge of the screen, as a part of the screen's sides. */
const MARGIN = 0.25;
/** Milliseconds without a move until the sheet is painted anew about the middle. */
const REST = 180;

interface Sheet {
  readonly look: Look;
  readonly room: Size;
  readonly dots: number;
  readonly margin: Point;
}

export class Layer {
  readonly canvas = element("canvas", { class: "view-image-layer", "aria-hidden": "true" });
  // Painted by the processor: without a graphics card thousands of small stamps are half as slow then.
  private readonly pen = this.canvas.getContext("2d", { willReadFrequently: true })!;
  private asked = 0;
  private resting = 0;
  private look: Look | null = null;
  private sheet: Sheet | null = null;

  constructor(
    private readonly table: HTMLElement,
    private readonly draw: Draw,
  ) {
    table.append(this.canvas);
  }

  /** Paint anew with the next frame: the marks have changed. */
  paint(look: Look | null = this.look): void {
    this.sheet = null;
    this.follow(look);
  }

  /** Go along with the picture, with the next frame; of several looks the last one counts. */
  follow(look: Look | null): void {
    this.look = look;
    if (!this.asked) this.asked = requestAnimationFrame(() => this.now());
  }

  destroy(): void {
    cancelAnimationFrame(this.asked);
    clearTimeout(this.resting);
  }

  private now(): void {
    this.asked = 0;
    if (!this.look) return;
    const room = { width: this.table.clientWidth, height: this.table.clientHeight };
    const by = moved(this.sheet, this.look, room);
    if (!by) return this.anew(this.look, room);
    this.canvas.style.transform = `translate(${by.x}px, ${by.y}px)`;
    clearTimeout(this.resting);
    if (by.x || by.y) this.resting = window.setTimeout(() => this.paint(), REST);
  }

  private anew(look: Look, room: Size): void {
    const margin = { x: Math.round(room.width * MARGIN), y: Math.round(room.height * MARGIN) };
    const size = { width: room.width + 2 * margin.x, height: room.height + 2 * margin.y };
    this.sheet = { look, room, dots: devicePixelRatio, margin };
    this.resize(size, margin);
    this.pen.clearRect(0, 0, size.width, size.height);
    this.draw(this.pen, { ...look, x: look.x + margin.x, y: look.y + margin.y }, size);
  }

  private resize(size: Size, margin: Point): void {
    const { canvas, pen } = this;
    const dots = devicePixelRatio;
    const [width, height] = [Math.round(size.width * dots), Math.round(size.height * dots)];
    // Setting a size clears a canvas, even to the same size, and takes its time.
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const place = { width: `${size.width}px`, height: `${size.height}px`, left: `${-margin.x}px`, top: `${-margin.y}px` };
    Object.assign(canvas.style, place, { transform: "" });
    pen.setTransform(dots, 0, 0, dots, 0, 0);
  }
}

/** How far a picture lies from where its sheet was painted; null when the sheet does not reach so far, or is another's. */
function moved(sheet: Sheet | null, look: Look, room: Size): Point | null {
  if (!sheet || sheet.look.scale !== look.scale || sheet.dots !== devicePixelRatio) return null;
  if (sheet.room.width !== room.width || sheet.room.height !== room.height) return null;
  const by = { x: look.x - sheet.look.x, y: look.y - sheet.look.y };
  return Math.abs(by.x) <= sheet.margin.x && Math.abs(by.y) <= sheet.margin.y ? by : null;
}

/** Light hues, for both schemes alike: what lies below is an image. */
export const HUES = ["#56b4e9", "#f08c4a", "#3fc79b", "#e59ac4", "#e6b04a", "#7cc7d8", "#d8cb4e", "#d2d2cc"] as const;

export const hueOf = (index: number): string => HUES[(index < 0 ? HUES.length - 1 : index) % HUES.length]!;

/** Stroke the path twice: dark and wide below, so that a line shows on any image. */
export function stroke(pen: Pen, colour: string, width: number, dashes: number[] = []): void {
  pen.setLineDash(dashes);
  pen.lineWidth = width + 2;
  pen.strokeStyle = "rgb(0 0 0 / 55%)";
  pen.stroke();
  pen.lineWidth = width;
  pen.strokeStyle = colour;
  pen.stroke();
  pen.setLineDash([]);
}

/** A circle drawn once and stamped often: thousands of them as one path would take a hundred times as long. */
export class Ring {
  private readonly stamp = document.createElement("canvas");
  private made = "";
  private room = 0;

  /** Draw the circle, unless it is the same as before. */
  cut(radius: number, colour: string, dashes: number[]): void {
    const made = [radius.toFixed(2), colour, dashes.length, devicePixelRatio].join(" ");
    if (made === this.made) return;
    this.made = made;
    this.room = Math.ceil(radius) + 3;
    this.stamp.width = this.stamp.height = Math.ceil(2 * this.room * devicePixelRatio);
    const pen = this.stamp.getContext("2d")!;
    pen.scale(devicePixelRatio, devicePixelRatio);
    pen.beginPath();
    pen.arc(this.room, this.room, radius, 0, 2 * Math.PI);
    stroke(pen, colour, 1.5, dashes);
  }

  /** Put it about a place, unless that lies beside the screen. */
  put(pen: Pen, x: number, y: number, screen: Size): void {
    const { room } = this;
    if (x < -room || y < -room || x > screen.width + room || y > screen.height + room) return;
    pen.drawImage(this.stamp, x - room, y - room, 2 * room, 2 * room);
  }
}
