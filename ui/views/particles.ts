/** Particles of a micrograph: placed, dragged and removed by mouse and by keys; what nobody searched is dimmed. */

import { latin } from "../core/press.ts";
import type { Marked, Picking, Place, Region, ScoredPlace } from "../core/picks.ts";
import {
  activate, adopt, atLeast, begin, click, cycle, grow, markedOf, move, nearest, place, pointsOf, redo, remove, search,
  searchedAll, undo, unsearch,
} from "../core/picks.ts";
import type { Look, Point, Size } from "../core/zoom.ts";
import type { Label, Mounted, Seen, ViewKey, ViewProps, WirePicks } from "./contract.ts";
import { keyButton } from "./parts/bar.ts";
import type { Key } from "./parts/dom.ts";
import { element, takeKeys } from "./parts/dom.ts";
import type { Grabbed } from "./parts/gestures.ts";
import { ARROWS, describe, Hand, REACH, same, TINY } from "./parts/hand.ts";
import { hueOf, Layer, Ring, stroke } from "./parts/layer.ts";
import type { Pen } from "./parts/layer.ts";
import { Picture, pictureKeys } from "./parts/picture.ts";

export { prepare } from "./parts/picture.ts";

export const drawsLabels = true;

export const keys: readonly ViewKey[] = [
  { key: "click", hint: "put a particle, or remove the one there" },
  { key: "drag", hint: "move a particle; beside all, the image" },
  { key: "I", hint: "put a particle into the middle" },
  { key: "← ↑ → ↓", hint: "move the chosen particle; without one, the image" },
  { key: "Tab", hint: "choose the next particle" },
  { key: "Del", hint: "remove the chosen particle" },
  { key: "J", hint: "smaller circles; also Shift + wheel" },
  { key: "K", hint: "larger circles" },
  { key: ",", hint: "show more of the model's particles" },
  { key: ".", hint: "show fewer of them" },
  { key: "E", hint: "mark what you searched: drag rectangles, click one away" },
  { key: "V", hint: "what is on the screen has been searched" },
  { key: "Shift + V", hint: "all of it has been searched" },
  ...pictureKeys,
];

const GROWTH = 2;
const USUAL = 0.05;
const PARTICLE = hueOf(4);
const CHOSEN = "#ffffff";
const DEEDS = { undo, redo, atLeast, activate, remove, cycle, count: (picking: Picking) => pointsOf(picking).length };

export function mount(host: HTMLElement, props: ViewProps): Mounted {
  const picker = new Picker(props);
  host.replaceChildren(picker.root);
  picker.start();
  return { destroy: () => picker.destroy(), set: (given) => picker.set(given) };
}

/** The micrograph with its particles, and what a person does with them. */
class Picker {
  readonly root: HTMLElement;
  private readonly closing = new AbortController();
  private readonly picture: Picture;
  private readonly layer: Layer;
  private readonly hand: Hand<Picking>;
  private readonly told = element("span", { class: "view-marks-how" });
  private readonly searching: HTMLButtonElement;
  private readonly ring = new Ring();
  private mode: "pick" | "search" = "pick";
  private picking: Picking;
  /** The rectangle that is being drawn. */
  private region: [Point, Point] | null = null;

  constructor(private readonly props: ViewProps) {
    const { signal } = this.closing;
    this.searching = keyButton("e", "searched region", () => this.switchMode(), signal);
    const all = keyButton("shift v", "all searched", () => this.become(searchedAll(this.picking)), signal);
    const sizes = [keyButton("j", "smaller", () => void this.size(-GROWTH), signal), keyButton("k", "larger", () => void this.size(GROWTH), signal)];
    const bar = element("div", { class: "view-marks-bar" }, ...sizes, this.searching, all);
    this.picture = new Picture(props.item, {
      below: [bar],
      painted: (look) => this.layer.follow(look),
      grab: (at, event) => this.grab(at, event),
      wheel: (event) => event.shiftKey && this.size(event.deltaY < 0 || event.deltaX < 0 ? GROWTH : -GROWTH),
    });
    this.layer = new Layer(this.picture.table, (pen, look, room) => this.paint(pen, look, room));
    this.picking = this.from(props.label);
    const marks = { table: this.picture.table, state: () => this.picking, become: (next: Picking, said?: string) => this.become(next, said) };
    this.hand = new Hand(marks, DEEDS, "particles", signal);
    bar.append(this.hand.threshold.root, this.told);
    describe(this.picture.table, "Micrograph to mark particles in", "marking");
    this.root = element("div", { class: "view-marks view-particles" }, this.picture.root, this.hand.said);
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
    if (this.picking.suggested && suggestion && same(given, suggestion.label)) return this.become(adopt(this.picking), "Taken over");
    if (!this.picking.suggested && same(given, wire(markedOf(this.picking)))) return;
    this.picking = this.from(given);
    this.show();
  }

  private from(given: Label | null): Picking {
    const { item } = this.props;
    const suggestion = given === null ? (item.suggestion ?? null) : null;
    const size = { width: Number(item.data["width"]), height: Number(item.data["height"]) };
    const offered = (suggestion?.seen ?? []).map(asScored);
    const marked = asMarked(given ?? suggestion?.label ?? null);
    return begin({ size, marked, offered, suggested: suggestion !== null && marked.points.length + offered.length > 0 });
  }

  /** The diameter that is shown: said of this micrograph, or of the study, or a twentieth of the shorter side. */
  private get diameter(): number {
    const { width, height } = this.picking.size;
    const usual = Number(this.props.schema["diameter"]) || Math.max(2, Math.round(Math.min(width, height) * USUAL));
    return markedOf(this.picking).diameter ?? usual;
  }

  // What a hand does.

  /** Where a point of the stage lies, counted from centres of pixels. */
  private at(point: Point): Point {
    const { x, y } = this.picture.at(point);
    return { x: x - 0.5, y: y - 0.5 };
  }

  private get reach(): number {
    return Math.max(this.diameter / 2, REACH / this.picture.look!.scale);
  }

  private grab(at: Point, event: PointerEvent): Grabbed | null {
    if (!this.picture.look || this.picture.held || event.button === 1) return null;
    return this.mode === "search" ? this.regionFrom(at) : this.pointFrom(at);
  }

  private pointFrom(at: Point): Grabbed {
    const before = this.picking;
    const from = this.at(at);
    const held = nearest(before, from, this.reach);
    let last = at;
    let moved = false;
    return {
      move: (to) => {
        moved ||= Math.hypot(to.x - at.x, to.y - at.y) >= TINY;
        if (!moved) return;
        const now = this.at(to);
        if (held === null) this.picture.move({ x: to.x - last.x, y: to.y - last.y });
        else this.preview(move(activate(before, held), { x: now.x - from.x, y: now.y - from.y }));
        last = to;
      },
      end: () => {
        const after = this.picking;
        this.picking = before;
        if (!moved) this.become(click(before, from, this.reach));
        else if (held !== null) this.become(after);
      },
      cancel: () => this.preview(before),
    };
  }

  private regionFrom(at: Point): Grabbed {
    const from = this.at(at);
    const before = this.picking;
    return {
      move: (to) => {
        this.region = [from, this.at(to)];
        this.layer.paint();
      },
      end: () => {
        const drawn = this.region;
        this.region = null;
        this.become(drawn ? search(before, ...drawn) : unsearch(before, from));
      },
      cancel: () => {
        this.region = null;
        this.layer.paint();
      },
    };
  }

  private preview(picking: Picking): void {
    this.picking = picking;
    this.layer.paint();
  }

  private take(event: Key): boolean {
    if (event.altKey) return false;
    const arrow = ARROWS[event.key];
    if (arrow) return this.nudge(arrow, event);
    if (event.key === "Escape" && this.picking.active === null) return this.leaveSearch();
    const acts: Readonly<Record<string, () => boolean>> = {
      i: () => this.placed(),
      j: () => this.size(-GROWTH),
      k: () => this.size(GROWTH),
      e: () => (this.switchMode(), true),
      v: () => this.searched(event.shiftKey),
    };
    const act = event.ctrlKey || event.metaKey ? undefined : acts[latin(event)];
    return act ? act() : this.hand.take(event);
  }

  private nudge(arrow: Point, event: Key): boolean {
    if (this.picking.active === null || !this.picture.look || event.shiftKey) return false;
    const far = event.ctrlKey || event.metaKey ? 10 : 1;
    const step = far * Math.max(1, Math.round(1 / this.picture.look.scale));
    this.become(move(this.picking, { x: arrow.x * step, y: arrow.y * step }, "move"));
    return true;
  }

  private placed(): boolean {
    if (!this.picture.look) return false;
    const { x, y } = this.picture.middle;
    this.become(place(this.picking, { x: x - 0.5, y: y - 0.5 }), "Particle placed; move it by arrows");
    return true;
  }

  private leaveSearch(): boolean {
    const searching = this.mode === "search";
    if (searching) this.switchMode();
    return searching;
  }

  private size(by: number): boolean {
    this.become(grow(this.picking, by, this.diameter));
    this.hand.said.textContent = `Diameter ${this.diameter} pixels`;
    return true;
  }

  private switchMode(): void {
    this.mode = this.mode === "pick" ? "search" : "pick";
    this.show(this.mode === "search" ? "Drag over what you have searched" : "Particles again");
  }

  private searched(all: boolean): boolean {
    if (!this.picture.look) return false;
    const room = this.picture.room();
    const seen = search(this.picking, this.at({ x: 0, y: 0 }), this.at({ x: room.width, y: room.height }));
    this.become(all ? searchedAll(this.picking) : seen, all ? "All of it is searched" : "What is on the screen is searched");
    return true;
  }

  private become(next: Picking, said?: string): void {
    const changed = markedOf(next) !== markedOf(this.picking) || next.suggested !== this.picking.suggested;
    this.picking = next;
    this.show(said);
    if (changed) this.props.onChange(wire(markedOf(next)));
  }

  private show(said?: string): void {
    const { picking } = this;
    const points = pointsOf(picking);
    const held = picking.active === null ? undefined : points[picking.active];
    if (held) this.picture.reveal({ x: held[0] + 0.5, y: held[1] + 0.5 });
    this.hand.show(picking);
    this.searching.setAttribute("aria-pressed", String(this.mode === "search"));
    this.picture.table.classList.toggle("searching", this.mode === "search");
    const partly = markedOf(picking).searched === null ? "" : ", partly searched";
    this.told.textContent = `${points.length} particle${points.length === 1 ? "" : "s"} of ${this.diameter} px${partly}`;
    this.hand.said.textContent = said ?? (held ? `Particle ${picking.active! + 1} of ${points.length} at ${held.map(Math.round).join(", ")}` : "");
    this.layer.paint(this.picture.look);
  }

  // What is seen.

  private paint(pen: Pen, look: Look, room: Size): void {
    this.dim(pen, look);
    const radius = Math.max(3, (this.diameter / 2) * look.scale);
    this.ring.cut(radius, PARTICLE, this.picking.suggested ? [5, 4] : []);
    pointsOf(this.picking).forEach((point, at) => {
      const { x, y } = onStage(look, point);
      if (at !== this.picking.active) this.ring.put(pen, x, y, room);
    });
    const held = this.picking.active === null ? undefined : pointsOf(this.picking)[this.picking.active];
    if (!held) return;
    const { x, y } = onStage(look, held);
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.moveTo(x - 4, y);
    pen.lineTo(x + 4, y);
    pen.moveTo(x, y - 4);
    pen.lineTo(x, y + 4);
    stroke(pen, CHOSEN, 2.5);
  }

  /** Darken what nobody has searched; of which nothing is said. */
  private dim(pen: Pen, look: Look): void {
    const { searched } = markedOf(this.picking);
    const { width, height } = this.picking.size;
    if (searched) {
      pen.save();
      pen.beginPath();
      for (const region of searched) pen.rect(...onScreen(look, region));
      stroke(pen, CHOSEN, 1, [2, 3]);
      // Regions may overlap: each is cut out by itself, so that none of them counts twice.
      for (const region of searched) {
        const hole = new Path2D();
        hole.rect(look.x, look.y, width * look.scale, height * look.scale);
        hole.rect(...onScreen(look, region));
        pen.clip(hole, "evenodd");
      }
      pen.fillStyle = "rgb(20 20 19 / 55%)";
      pen.fillRect(look.x, look.y, width * look.scale, height * look.scale);
      pen.restore();
    }
    if (!this.region) return;
    const [a, b] = this.region;
    pen.beginPath();
    pen.rect(...onScreen(look, [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y)]));
    stroke(pen, CHOSEN, 1.5, [4, 3]);
  }
}

const onStage = (look: Look, [x, y]: Place): Point => ({ x: look.x + (x + 0.5) * look.scale, y: look.y + (y + 0.5) * look.scale });

function onScreen(look: Look, [x, y, width, height]: Region): [number, number, number, number] {
  const corner = onStage(look, [x, y]);
  return [corner.x, corner.y, width * look.scale, height * look.scale];
}

function wire({ points, diameter, searched }: Marked): WirePicks {
  const said = diameter === null ? {} : { diameter };
  return { points: points as WirePicks["points"], ...said, searched: searched as WirePicks["searched"] };
}

function asMarked(given: Label | null): Marked {
  const found = typeof given === "object" && given !== null && "points" in given ? given : null;
  return { points: found?.points ?? [], diameter: found?.diameter ?? null, searched: found?.searched ?? null };
}

const asScored = ({ score, place: [x = 0, y = 0] }: Seen): ScoredPlace => ({ score, place: [x, y] });
