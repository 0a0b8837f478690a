/** A canvas over a picture, as sharp as the screen, painted once a frame however often it is asked to. */

import type { Look, Size } from "../../core/zoom.ts";
import { element } from "./dom.ts";

export type Pen = CanvasRenderingContext2D;

/** Draws in pixels of the screen; `look` says where the image lies. */
export type Draw = (pen: Pen, look: Look, room: Size) => void;

export class Layer {
  readonly canvas = element("canvas", { class: "view-image-layer", "aria-hidden": "true" });
  // Painted by the processor: without a graphics card thousands of small stamps are half as slow then.
  private readonly pen = this.canvas.getContext("2d", { willReadFrequently: true })!;
  private asked = 0;
  private look: Look | null = null;

  constructor(
    private readonly table: HTMLElement,
    private readonly draw: Draw,
  ) {
    table.append(this.canvas);
  }

  /** Paint with the next frame; of several looks the last one counts. */
  paint(look: Look | null = this.look): void {
    this.look = look;
    if (!this.asked) this.asked = requestAnimationFrame(() => this.now());
  }

  destroy(): void {
    cancelAnimationFrame(this.asked);
  }

  private now(): void {
    this.asked = 0;
    if (!this.look) return;
    const room = { width: this.table.clientWidth, height: this.table.clientHeight };
    const dots = devicePixelRatio;
    const { canvas, pen } = this;
    if (canvas.width !== Math.round(room.width * dots) || canvas.height !== Math.round(room.height * dots)) {
      canvas.width = Math.round(room.width * dots);
      canvas.height = Math.round(room.height * dots);
    }
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, room.width, room.height);
    this.draw(pen, this.look, room);
  }
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
