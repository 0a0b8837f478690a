/** An image on a neutral stage, as every view of images has it: zoom, pan, light, the window of a scan, other frames. */

import { latin } from "../../core/press.ts";
import { capNow } from "../../core/rebind.ts";
import type { Look, Point, Size } from "../../core/zoom.ts";
import { drawn, fit, pan, zoom } from "../../core/zoom.ts";
import type { ViewItem, ViewKey } from "../contract.ts";
import type { Key } from "./dom.ts";
import { element, listen } from "./dom.ts";
import { Frames, framesOf } from "./frames.ts";
import type { Gestures, Grabbed } from "./gestures.ts";
import { hearGestures } from "./gestures.ts";
import { Levels } from "./levels.ts";
import { forget, pictureOf } from "./ready.ts";
import { Tiles } from "./tiles.ts";

export const pictureKeys: readonly ViewKey[] = [
  { key: "+", hint: "zoom in" },
  { key: "−", hint: "zoom out" },
  { key: "0", hint: "whole image; Home too" },
  { key: "Space + drag", hint: "move the image" },
  { key: "L", hint: "lighter" },
  { key: "D", hint: "darker" },
  { key: "M", hint: "more contrast" },
  { key: "N", hint: "less contrast" },
  { key: "Q", hint: "window of a scan: drag or arrows, to the right wider, down brighter" },
  { key: "R", hint: "brightness, contrast and window as they were" },
  { key: "PgUp PgDn", hint: "look at the frame or slice before, after; also Shift + wheel" },
];

const ZOOM = 1.25;
const LIGHT = 1.15;
const STRIDE = 80;
const EDGE = 60;
const TURN = 10;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: STRIDE, y: 0 },
  ArrowRight: { x: -STRIDE, y: 0 },
  ArrowUp: { x: 0, y: STRIDE },
  ArrowDown: { x: 0, y: -STRIDE },
};

interface Light {
  readonly brightness: number;
  readonly contrast: number;
}

const AS_IT_IS: Light = { brightness: 1, contrast: 1 };

const IDLE: Grabbed = { move: () => undefined, end: () => undefined, cancel: () => undefined };

export async function prepare(item: ViewItem): Promise<void> {
  await pictureOf(String(item.data["image"])).decode();
}

/** What a view adds to a picture: elements below it, what it draws over it, and the gestures that it takes. */
export interface Additions extends Pick<Gestures, "grab" | "wheel"> {
  /** True where 0 is a class: then Home alone shows the whole image. */
  readonly zeroTaken?: boolean;
  /** True where N is an answer: then nothing lessens the contrast but the reset. */
  readonly noTaken?: boolean;
  readonly below?: readonly HTMLElement[];
  painted?(look: Look): void;
}

/** The image, its tools, and how it is looked at now. */
export class Picture {
  readonly root: HTMLElement;
  readonly table = element("div", { class: "view-image-table" });
  /** Of the original image, in pixels. */
  size: Size;
  look: Look | null = null;
  /** Whether the space bar is held, so that a drag moves the image whatever else it would do. */
  held = false;
  /** Whether drags and arrows turn the window. */
  windowing = false;
  private readonly image: HTMLImageElement;
  private readonly tiles: Tiles;
  private readonly frames: Frames;
  private readonly levels: Levels | null;
  private readonly warning = element("p", { class: "view-image-warning", role: "note", hidden: true });
  /** The address of the item's own picture, in the window that was chosen. */
  private source: string;
  private readonly original: string;
  private readonly told = element("span", { class: "view-image-told", role: "status" });
  private readonly closing = new AbortController();
  private readonly resized = new ResizeObserver(() => this.fitAgain());
  private light = AS_IT_IS;

  constructor(
    item: ViewItem,
    private readonly additions: Additions = {},
  ) {
    const source = String(item.data["image"]);
    this.source = this.original = source;
    this.image = pictureOf(source);
    this.image.alt = `Item ${item.id}`;
    this.image.draggable = false;
    const [address, tiles] = [item.data["levels"], item.data["tiles"]];
    this.tiles = new Tiles(typeof tiles === "string" ? tiles : null);
    this.levels = typeof address === "string" ? new Levels(address, source, (one) => this.draw(one)) : null;
    this.frames = new Frames(framesOf(item.data), item.id, ({ image }, own) => this.peek(image, own), this.closing.signal);
    if (item.data["scan"]) void this.warn();
    this.size = { width: Number(item.data["width"]) || 0, height: Number(item.data["height"]) || 0 };
    this.table.append(this.image, this.tiles.root, this.warning);
    const parts = [this.table, this.frames.root, ...(additions.below ?? []), this.tools()];
    this.root = element("div", { class: "view-image", role: "group", "aria-label": "Image" }, ...parts);
  }

  start(): void {
    const { signal } = this.closing;
    const own = { move: (by: Point) => this.move(by), zoom: (by: number, about: Point) => this.zoom(by, about) };
    const taken = { grab: (at: Point, event: PointerEvent) => this.grab(at, event), wheel: (event: WheelEvent) => this.wheel(event) };
    hearGestures(this.table, { ...own, ...taken }, signal);
    listen(document, "keyup", (event) => void (event.key === " " && (this.held = false)), { signal });
    this.resized.observe(this.table);
    this.image.addEventListener("load", () => this.loaded(), { signal });
    this.image.addEventListener("error", () => this.failed(), { signal });
    if (this.image.complete && this.image.naturalWidth) this.loaded();
    else this.fitAgain();
  }

  destroy(): void {
    this.closing.abort();
    this.tiles.destroy();
    this.resized.disconnect();
    this.root.remove();
    // Another picture was drawn in it: who comes back gets a fresh one.
    if (!this.image.src.endsWith(this.original)) forget(this.original);
  }

  private tools(): HTMLElement {
    const tool = (key: string, name: string): HTMLElement => {
      const button = element("button", { type: "button", title: name }, element("kbd", {}, capNow(key)), ` ${name}`);
      button.addEventListener("click", () => this.act(key), { signal: this.closing.signal });
      return button;
    };
    const tools = [tool("+", "in"), tool("-", "out"), tool(this.additions.zeroTaken ? "home" : "0", "whole"), tool("l", "lighter"), tool("d", "darker")];
    const window = this.levels ? [tool("q", "window")] : [];
    const less = this.additions.noTaken ? [] : [tool("n", "less")];
    const contrast = [tool("m", "more contrast"), ...less, ...window, tool("r", "reset")];
    return element("div", { class: "view-image-tools" }, ...tools, ...contrast, this.told);
  }

  /** Let a view answer to a key, and the picture to what it leaves; while the window is turned, the picture goes first. */
  hear(event: Key, own: (event: Key) => boolean): boolean {
    return (this.windowing && this.take(event)) || own(event) || this.take(event);
  }

  private take(event: Key): boolean {
    if (event.altKey || event.ctrlKey || event.metaKey) return false;
    if (event.key === " ") return this.hold(event.target as Element);
    if (event.key === "PageUp" || event.key === "PageDown") return this.frames.step(event.key === "PageUp" ? -1 : 1);
    const arrow = ARROWS[event.key];
    if (this.windowing && arrow) return this.turn({ x: -Math.sign(arrow.x) * TURN, y: -Math.sign(arrow.y) * TURN });
    if (this.windowing && event.key === "Escape") return this.act("q");
    if (arrow && !event.shiftKey && this.look && !this.look.fitted) {
      this.move(arrow);
      return true;
    }
    return this.act(latin(event));
  }

  /** Where a point of the stage lies in the image. */
  at(point: Point): Point {
    const { x, y, scale } = this.look!;
    return { x: (point.x - x) / scale, y: (point.y - y) / scale };
  }

  /** The middle of what is seen, in pixels of the image. */
  get middle(): Point {
    const room = this.room();
    return this.at({ x: room.width / 2, y: room.height / 2 });
  }

  /** Move the image so that a place of it is seen. */
  reveal(place: Point): void {
    if (!this.look || this.look.fitted) return;
    const { x, y, scale } = this.look;
    const room = this.room();
    const by = (at: number, space: number): number => (at < EDGE ? EDGE - at : at > space - EDGE ? space - EDGE - at : 0);
    this.move({ x: by(x + place.x * scale, room.width), y: by(y + place.y * scale, room.height) });
  }

  private hold(target: Element): boolean {
    if (target.closest("button, a, summary")) return false;
    this.held = true;
    return true;
  }

  private act(key: string): boolean {
    const acts: Readonly<Record<string, () => void>> = {
      "+": () => this.zoom(ZOOM),
      "=": () => this.zoom(ZOOM),
      "-": () => this.zoom(1 / ZOOM),
      "0": () => this.whole(),
      home: () => this.whole(),
      l: () => this.relight({ brightness: LIGHT }),
      d: () => this.relight({ brightness: 1 / LIGHT }),
      m: () => this.relight({ contrast: LIGHT }),
      n: () => this.relight({ contrast: 1 / LIGHT }),
      q: () => void this.switchWindow(),
      r: () => this.reset(),
    };
    const act = acts[key.toLowerCase()];
    act?.();
    return act !== undefined;
  }

  private loaded(): void {
    if (!this.size.width) this.size = { width: this.image.naturalWidth, height: this.image.naturalHeight };
    this.fitAgain();
    this.paint();
    this.frames.begin();
  }

  private failed(): void {
    const sentence = "This image could not be shown: the server sent none that the browser can read. Skip it, or flag it.";
    this.image.replaceWith(element("p", { class: "view-image-failed", role: "alert" }, sentence));
  }

  private fitAgain(): void {
    if (!this.look || this.look.fitted) this.whole();
  }

  private whole(): void {
    if (!this.size.width || !this.table.clientWidth) return;
    this.look = fit(this.size, this.room());
    this.paint();
  }

  private zoom(factor: number, about?: Point): void {
    const room = this.room();
    const middle = { x: room.width / 2, y: room.height / 2 };
    if (this.look) this.look = zoom(this.look, factor, about ?? middle, this.size, room);
    this.paint();
  }

  /** Move the image by some pixels of the screen. */
  move(by: Point): void {
    if (this.look) this.look = pan(this.look, by, this.size, this.room());
    this.paint();
  }

  // The window of a scan.

  private grab(at: Point, event: PointerEvent): Grabbed | null {
    if (this.windowing && !this.held && event.button === 0) return this.turning(at);
    // Marks are those of the item: who would draw on another frame is taken back first.
    if (this.frames.away !== 0 && this.additions.grab) return this.frames.home(), IDLE;
    return this.additions.grab?.(at, event) ?? null;
  }

  private wheel(event: WheelEvent): boolean {
    if (this.additions.wheel?.(event)) return true;
    // With Shift some browsers turn the wheel sideways.
    return event.shiftKey && this.frames.step((event.deltaY || event.deltaX) < 0 ? -1 : 1);
  }

  private turning(from: Point): Grabbed {
    let last = from;
    const move = (to: Point): void => {
      this.turn({ x: to.x - last.x, y: to.y - last.y });
      last = to;
    };
    return { ...IDLE, move };
  }

  private turn(by: Point): boolean {
    this.levels?.turn(by);
    this.paint();
    return true;
  }

  private async switchWindow(): Promise<void> {
    if (!this.levels) return;
    this.windowing = !this.windowing;
    this.table.classList.toggle("windowing", this.windowing);
    if (this.windowing) await this.warn();
    this.paint();
  }

  /** Ask for the values, and show what the file warns of. */
  private async warn(): Promise<void> {
    try {
      this.tell((await this.levels?.ask()) ?? "");
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
    }
  }

  private tell(warning: string): void {
    this.warning.textContent = warning;
    this.warning.hidden = warning === "";
  }

  private draw(source: string): void {
    this.source = source;
    this.tiles.redraw(source);
    if (this.frames.away === 0) this.image.src = source;
  }

  private peek(image: string, own: boolean): void {
    this.image.src = own ? this.source : image;
    this.table.classList.toggle("away", !own);
    this.paint();
  }

  private reset(): void {
    this.relight(null);
    void this.levels?.reset();
  }

  private relight(by: Partial<Light> | null): void {
    const turned = (now: number, factor = 1): number => Math.min(8, Math.max(0.125, now * factor));
    const { brightness, contrast } = this.light;
    this.light = by ? { brightness: turned(brightness, by.brightness), contrast: turned(contrast, by.contrast) } : AS_IT_IS;
    this.paint();
  }

  room(): Size {
    return { width: this.table.clientWidth, height: this.table.clientHeight };
  }

  private paint(): void {
    if (!this.look) return;
    const { x, y, scale } = this.look;
    const { brightness, contrast } = this.light;
    const style = this.image.style;
    const { width, height } = drawn(this.size, { width: this.image.naturalWidth, height: this.image.naturalHeight });
    style.width = `${width}px`;
    style.height = `${height}px`;
    style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    style.filter = this.light === AS_IT_IS ? "" : `brightness(${brightness}) contrast(${contrast})`;
    this.image.classList.toggle("exact", scale * devicePixelRatio > 1);
    if (this.frames.away === 0) this.tiles.follow({ look: this.look, room: this.room(), size: this.size, image: this.image });
    this.told.textContent = this.words(scale * devicePixelRatio);
    this.additions.painted?.(this.look);
  }

  private words(scale: number): string {
    const percent = (part: number): string => `${Math.round(part * 100)} %`;
    const { brightness, contrast } = this.light;
    const lit = this.light === AS_IT_IS ? "" : ` · light ${percent(brightness)} · contrast ${percent(contrast)}`;
    const window = this.levels?.window;
    const cut = window && this.windowing ? ` · window ${window.centre}, width ${window.width}: drag or arrows` : "";
    const { away } = this.frames;
    const where = away ? `${Math.abs(away)} ${away < 0 ? "before" : "after"} the item · ` : "";
    return `${where}${this.size.width} × ${this.size.height} px · ${percent(scale)}${lit}${cut}`;
  }
}
