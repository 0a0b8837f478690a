/** Boxes in an image: drawn, moved, resized and named by mouse and by keys; what the model saw is dashed. */

import type { Box, Boxing, Grip, Scored } from "../core/boxes.ts";
import {
  activate, activeBox, adopt, atLeast, begin, boxesOf, click, cycle, draw, gripAt, gripPlace, hits, insert, move, name, redo,
  remove, resize, undo,
} from "../core/boxes.ts";
import { classAt, digitsOf } from "../core/digits.ts";
import { latin } from "../core/press.ts";
import type { Look, Point, Size } from "../core/zoom.ts";
import type { Label, Mounted, Seen, ViewKey, ViewProps, WireBox } from "./contract.ts";
import { Classes, keyButton } from "./parts/bar.ts";
import type { Key } from "./parts/dom.ts";
import { element, takeKeys } from "./parts/dom.ts";
import type { Grabbed } from "./parts/gestures.ts";
import { ARROWS, describe, Hand, REACH, same, TINY } from "./parts/hand.ts";
import type { Pen } from "./parts/layer.ts";
import { hueOf, Layer, stroke } from "./parts/layer.ts";
import type { Additions } from "./parts/picture.ts";
import { Picture, pictureKeys } from "./parts/picture.ts";

export { prepare } from "./parts/picture.ts";

export const drawsLabels = true;

export const keys: readonly ViewKey[] = [
  { key: "drag", hint: "draw a box; inside the chosen one move it, at its edge resize it" },
  { key: "Shift + drag", hint: "draw inside the chosen box" },
  { key: "I", hint: "put a box into the middle" },
  { key: "1–9", hint: "the class of the chosen box, or of the next one" },
  { key: "← ↑ → ↓", hint: "move the chosen box; without one, the image" },
  { key: "Shift + arrow", hint: "resize it at its right or lower edge" },
  { key: "Tab", hint: "choose the next box, overlapping ones in a row" },
  { key: "Del", hint: "remove the chosen box" },
  { key: ",", hint: "show more of the model's boxes" },
  { key: ".", hint: "show fewer of them" },
  { key: "Esc", hint: "let go of the box" },
  ...pictureKeys,
];

const HOW = "Drag to draw, click to choose; a number names.";
const NUDGE = 2;
const FONT = "600 13px system-ui, sans-serif";
const DEEDS = { undo, redo, atLeast, activate, remove, cycle, count: (boxing: Boxing) => boxesOf(boxing).length };
const CORNERS: readonly Grip[] = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

export function mount(host: HTMLElement, props: ViewProps): Mounted {
  const drawer = new Drawer(props);
  host.replaceChildren(drawer.root);
  drawer.start();
  return { destroy: () => drawer.destroy(), set: (given) => drawer.set(given) };
}

/** The picture with its boxes, and what a person does with them. */
class Drawer {
  readonly root: HTMLElement;
  private readonly closing = new AbortController();
  private readonly picture: Picture;
  private readonly layer: Layer;
  private readonly classes: Classes;
  private readonly hand: Hand<Boxing>;
  private readonly names: readonly (string | number)[];
  private readonly digits: readonly string[];
  private boxing: Boxing;

  constructor(private readonly props: ViewProps) {
    const { signal } = this.closing;
    this.names = props.schema.labels ?? [];
    this.digits = digitsOf(this.names);
    this.classes = new Classes(this.names, (at) => this.named(at), signal);
    const how = element("span", { class: "view-marks-how" }, HOW);
    const bar = element("div", { class: "view-marks-bar" });
    const additions: Additions = {
      zeroTaken: this.digits.includes("0"),
      below: [bar],
      painted: (look: Look) => this.layer.follow(look),
      grab: (at: Point, event: PointerEvent) => this.grab(at, event),
    };
    this.picture = new Picture(props.item, additions);
    this.layer = new Layer(this.picture.table, (pen, look, room) => this.paint(pen, look, room));
    this.boxing = this.from(props.label);
    const marks = { table: this.picture.table, state: () => this.boxing, become: (next: Boxing, said?: string) => this.become(next, said) };
    this.hand = new Hand(marks, DEEDS, "boxes", signal);
    const tools = [keyButton("i", "new", () => this.placed(), signal), keyButton("Del", "remove", () => void this.hand.removed(), signal)];
    bar.append(this.classes.root, ...tools, this.hand.threshold.root, how);
    describe(this.picture.table, "Image to draw boxes in", "drawing");
    this.root = element("div", { class: "view-marks" }, this.picture.root, this.hand.said);
  }

  start(): void {
    takeKeys(this.closing.signal, (event) => this.picture.hear(event, (key) => this.take(key)));
    this.picture.start();
    this.show();
  }

  destroy(): void {
    this.closing.abort();
    this.layer.destroy();
    this.picture.destroy();
    this.root.remove();
  }

  /** Take an answer from outside. The whole suggestion means what is shown of it; what is here already keeps its steps. */
  set(given: Label | null): void {
    const { suggestion } = this.props.item;
    if (this.boxing.suggested && suggestion && same(given, suggestion.label)) return this.become(adopt(this.boxing), "Taken over");
    if (!this.boxing.suggested && same(given, boxesOf(this.boxing))) return;
    this.boxing = this.from(given);
    this.show();
  }

  private from(given: Label | null): Boxing {
    const { item } = this.props;
    const suggestion = given === null ? (item.suggestion ?? null) : null;
    const boxes = asBoxes(given ?? suggestion?.label ?? null);
    const size = { width: Number(item.data["width"]), height: Number(item.data["height"]) };
    const offered = (suggestion?.seen ?? []).map(asScored);
    const suggested = suggestion !== null && (boxes.length > 0 || offered.length > 0);
    return begin({ size, boxes, offered, suggested, name: this.names[0] ?? "" });
  }

  // What a hand does.

  private grab(at: Point, event: PointerEvent): Grabbed | null {
    const { picture } = this;
    if (!picture.look || picture.held || event.button === 1) return null;
    const before = this.boxing;
    const from = picture.at(at);
    const slack = REACH / picture.look.scale;
    const change = event.shiftKey ? drawing(before, from) : handling(before, from, slack);
    let moved = false;
    return {
      move: (to) => {
        moved ||= Math.hypot(to.x - at.x, to.y - at.y) >= TINY;
        if (moved) this.preview(change(picture.at(to)));
      },
      end: () => {
        const after = this.boxing;
        this.boxing = before;
        this.become(moved ? after : click(before, from, slack));
      },
      cancel: () => this.preview(before),
    };
  }

  private preview(boxing: Boxing): void {
    this.boxing = boxing;
    this.layer.paint();
  }

  private take(event: Key): boolean {
    if (event.altKey) return false;
    const arrow = ARROWS[event.key];
    if (arrow) return this.nudge(arrow, event);
    const at = event.ctrlKey || event.metaKey ? null : classAt(this.names, event);
    if (at !== null) return this.named(at), true;
    if (latin(event) === "i" && !event.ctrlKey && !event.metaKey) return this.placed(), true;
    return this.hand.take(event);
  }

  /** Move or resize by some pixels of the screen, by many with Ctrl, but never by less than one of the image. */
  private nudge(arrow: Point, event: Key): boolean {
    const held = activeBox(this.boxing);
    if (!held || !this.picture.look) return false;
    const far = (event.ctrlKey || event.metaKey ? 10 : 1) * NUDGE;
    const step = Math.max(1, Math.round(far / this.picture.look.scale));
    const by = { x: arrow.x * step, y: arrow.y * step };
    this.become(event.shiftKey ? resize(this.boxing, "se", by, "resize") : move(this.boxing, by, "move"));
    return true;
  }

  private named(at: number): void {
    const label = this.names[at]!;
    const held = this.boxing.active !== null;
    this.become(name(this.boxing, label), held ? String(label) : `The next box is ${label}`);
  }

  private placed(): void {
    if (this.picture.look) this.become(insert(this.boxing, this.picture.middle), `${this.boxing.name} placed; move it by arrows`);
  }

  private become(next: Boxing, said?: string): void {
    const changed = boxesOf(next) !== boxesOf(this.boxing) || next.suggested !== this.boxing.suggested;
    this.boxing = next;
    this.show(said);
    if (changed) this.props.onChange(boxesOf(next).map(({ label, box }) => ({ label, box: [...box] as WireBox["box"] })));
  }

  private show(said?: string): void {
    const { boxing } = this;
    const held = activeBox(boxing);
    if (held) this.picture.reveal({ x: held.box[0] + held.box[2] / 2, y: held.box[1] + held.box[3] / 2 });
    this.classes.press(this.names.indexOf(held?.label ?? boxing.name));
    this.hand.show(boxing);
    this.hand.said.textContent = said ?? (held ? `${words(held)}, ${boxing.active! + 1} of ${boxesOf(boxing).length}` : "");
    this.layer.paint(this.picture.look);
  }

  // What is seen.

  private paint(pen: Pen, look: Look, room: Size): void {
    const boxes = boxesOf(this.boxing);
    boxes.forEach((box, at) => at !== this.boxing.active && this.outline(pen, look, room, box));
    const held = activeBox(this.boxing);
    if (!held) return;
    this.outline(pen, look, room, held);
    for (const grip of CORNERS) handle(pen, placed(look, gripPlace(held.box, grip)));
  }

  private outline(pen: Pen, look: Look, room: Size, box: Box): void {
    const { x, y } = placed(look, { x: box.box[0], y: box.box[1] });
    const [width, height] = [box.box[2] * look.scale, box.box[3] * look.scale];
    if (x > room.width || y > room.height || x + width < 0 || y + height < 0) return;
    const at = this.names.indexOf(box.label);
    const held = box === activeBox(this.boxing);
    const digit = this.digits[at] ?? "";
    pen.beginPath();
    pen.rect(x, y, width, height);
    if (held) {
      pen.fillStyle = "rgb(255 255 255 / 12%)";
      pen.fill();
    }
    stroke(pen, hueOf(at), held ? 3 : 2, this.boxing.suggested ? [6, 4] : []);
    tag(pen, held || width > 64 ? `${digit} ${box.label}`.trim() : digit || String(box.label), hueOf(at), { x, y });
  }

}

/** Say what a drag from a place does: it resizes or moves the box at hand, or draws one. */
function handling(boxing: Boxing, from: Point, slack: number): (to: Point) => Boxing {
  const grip = gripAt(boxing, from, slack);
  const by = (to: Point): Point => ({ x: to.x - from.x, y: to.y - from.y });
  if (grip) return (to) => resize(boxing, grip, by(to));
  if (boxing.active !== null && hits(boxing, from, 0).includes(boxing.active)) return (to) => move(boxing, by(to));
  return drawing(boxing, from);
}

const drawing =
  (boxing: Boxing, from: Point) =>
  (to: Point): Boxing =>
    draw(boxing, from, to);

const placed = (look: Look, at: Point): Point => ({ x: look.x + at.x * look.scale, y: look.y + at.y * look.scale });

function handle(pen: Pen, { x, y }: Point): void {
  pen.fillStyle = "#fff";
  pen.strokeStyle = "#1d1d1b";
  pen.lineWidth = 1;
  pen.fillRect(x - 4, y - 4, 8, 8);
  pen.strokeRect(x - 4, y - 4, 8, 8);
}

/** The name of a class inside the top left corner of its box, dark on its colour. */
function tag(pen: Pen, text: string, colour: string, { x, y }: Point): void {
  pen.font = FONT;
  pen.fillStyle = colour;
  pen.fillRect(x, y, pen.measureText(text).width + 8, 17);
  pen.fillStyle = "#161615";
  pen.textBaseline = "middle";
  pen.fillText(text, x + 4, y + 9);
}

function words({ label, box }: Box): string {
  const [x, y, width, height] = box.map((side) => Math.round(side));
  return `${label} at ${x}, ${y}, ${width} by ${height} pixels`;
}

function asBoxes(given: Label | null): Box[] {
  const isBox = (one: unknown): one is WireBox => typeof one === "object" && one !== null && "box" in one;
  return Array.isArray(given) ? (given as unknown[]).filter(isBox).map(({ label, box }) => ({ label, box })) : [];
}

const asScored = ({ label, score, place: [x = 0, y = 0, width = 0, height = 0] }: Seen): Scored => ({
  label, score, box: [x, y, width, height],
});
