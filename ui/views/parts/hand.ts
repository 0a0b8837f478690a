/** What every view of marks does alike: the keys that choose, remove and take back, and how sure the model must be. */

import { latin } from "../../core/press.ts";
import type { Point } from "../../core/zoom.ts";
import { Threshold } from "./bar.ts";
import type { Key } from "./dom.ts";
import { element } from "./dom.ts";

/** A drag begins after so many pixels of the screen, and a mark is within reach of so many. */
export const TINY = 4;
export const REACH = 8;

export const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const FINE = 0.05;

/** What the states of all marks have. */
export interface Held {
  readonly offered: readonly unknown[];
  readonly threshold: number;
  readonly suggested: boolean;
  readonly active: number | null;
}

/** The actions on marks of one kind; each gives another state. */
export interface Deeds<State extends Held> {
  undo(state: State): State;
  redo(state: State): State;
  atLeast(state: State, threshold: number): State;
  activate(state: State, active: number | null): State;
  remove(state: State): State;
  cycle(state: State, by: 1 | -1): State;
  count(state: State): number;
}

/** The view, as the hand needs it. */
export interface Marks<State> {
  readonly table: HTMLElement;
  state(): State;
  become(next: State, said?: string): void;
}

export class Hand<State extends Held> {
  readonly threshold: Threshold;
  readonly said = element("p", { class: "hidden-text", "aria-live": "polite" });

  /** `kind` names the marks: "boxes", "particles". */
  constructor(
    private readonly marks: Marks<State>,
    private readonly deeds: Deeds<State>,
    private readonly kind: string,
    signal: AbortSignal,
  ) {
    this.threshold = new Threshold((value) => this.limit(value), signal);
  }

  /** Take a key that all marks answer to; says whether it was one. */
  take(event: Key): boolean {
    const state = this.marks.state();
    if (event.ctrlKey || event.metaKey) return latin(event) === "z" && this.back(event.shiftKey);
    if (event.key === "Tab") return this.onPicture(event.target) && this.tab(event.shiftKey ? -1 : 1);
    if (event.key === "Delete" || event.key === "Backspace") return this.removed();
    if (event.key === "Escape") return state.active !== null && (this.marks.become(this.deeds.activate(state, null)), true);
    const acts: Readonly<Record<string, () => boolean>> = {
      ",": () => this.limited(-FINE),
      ".": () => this.limited(FINE),
      z: () => this.back(event.shiftKey),
    };
    return acts[latin(event)]?.() ?? false;
  }

  removed(): boolean {
    const state = this.marks.state();
    if (state.active !== null) this.marks.become(this.deeds.remove(state), "Removed");
    return state.active !== null;
  }

  /** Show the threshold as it stands; without anything to choose from there is none. */
  show({ threshold, suggested, offered }: State): void {
    this.threshold.set(threshold, suggested && offered.length > 0);
  }

  private tab(by: 1 | -1): boolean {
    const state = this.marks.state();
    if (state.active === null && this.deeds.count(state) === 0) return false;
    this.marks.become(this.deeds.cycle(state, by));
    return this.marks.state().active !== null;
  }

  private back(again: boolean): boolean {
    const state = this.marks.state();
    const next = again ? this.deeds.redo(state) : this.deeds.undo(state);
    if (next === state) return false;
    this.marks.become(next, again ? "Done again" : "Undone");
    return true;
  }

  private limited(by: number): boolean {
    const { suggested, offered, threshold } = this.marks.state();
    const offers = suggested && offered.length > 0;
    if (offers) this.limit(threshold + by);
    return offers;
  }

  private limit(threshold: number): void {
    this.marks.become(this.deeds.atLeast(this.marks.state(), threshold));
    const now = this.marks.state();
    this.said.textContent = `${this.deeds.count(now)} ${this.kind}, the model at least ${now.threshold.toFixed(2)}`;
  }

  private onPicture(target: EventTarget | null): boolean {
    const { table } = this.marks;
    return target instanceof Node && (target === table || target.contains(table));
  }
}

/** Make a table a place of its own for those who hear it instead of seeing it. */
export function describe(table: HTMLElement, label: string, doing: string): void {
  const about = { role: "application", tabindex: "0", "aria-label": label, "aria-roledescription": doing };
  for (const [attribute, value] of Object.entries(about)) table.setAttribute(attribute, value);
}

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
