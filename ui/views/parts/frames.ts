/** The frames before and after an item, below it: to look at, while the answer stays with the item. */

import { element, listen } from "./dom.ts";

export interface Frame {
  id: string;
  image: string;
}

/** Frames on each side of the one that is looked at. */
const SHOWN = 3;

export function framesOf(data: Readonly<Record<string, unknown>>): Frame[] {
  const frames = data["frames"];
  return Array.isArray(frames) ? (frames as Frame[]) : [];
}

export class Frames {
  readonly root = element("div", { class: "view-frames", role: "group", "aria-label": "Frames before and after" });
  private readonly own: number;
  private at: number;

  /** `look` is called with the frame to show. */
  constructor(
    private readonly frames: readonly Frame[],
    item: string,
    private readonly look: (frame: Frame, own: boolean) => void,
    private readonly signal: AbortSignal,
  ) {
    this.own = Math.max(0, frames.findIndex(({ id }) => id === item));
    this.at = this.own;
    this.root.hidden = frames.length < 2;
    this.paint();
  }

  /** How far the frame that is looked at lies after the item; 0 is the item itself. */
  get away(): number {
    return this.at - this.own;
  }

  step(by: number): boolean {
    if (this.frames.length < 2) return false;
    this.go(this.at + by);
    return true;
  }

  home(): void {
    if (this.away !== 0) this.go(this.own);
  }

  private go(to: number): void {
    this.at = Math.min(this.frames.length - 1, Math.max(0, to));
    this.look(this.frames[this.at]!, this.away === 0);
    this.paint();
  }

  private paint(): void {
    if (this.frames.length < 2) return;
    const first = Math.max(0, Math.min(this.at - SHOWN, this.frames.length - 2 * SHOWN - 1));
    const some = this.frames.slice(first, first + 2 * SHOWN + 1);
    const keys = element("span", { class: "view-frames-keys" }, element("kbd", {}, "PgUp"), " ", element("kbd", {}, "PgDn"));
    this.root.replaceChildren(...some.map((frame, index) => this.thumb(frame, first + index)), keys);
  }

  private thumb(frame: Frame, at: number): HTMLElement {
    const away = at - this.own;
    const name = away === 0 ? "this item" : `${Math.abs(away)} ${away < 0 ? "before" : "after"}`;
    const image = element("img", { src: `${frame.image}?width=160`, alt: "", loading: "lazy" });
    const button = element("button", { type: "button", "aria-pressed": String(at === this.at) }, image, element("span", {}, name));
    button.classList.toggle("own", away === 0);
    listen(button, "mousedown", (event) => event.preventDefault(), { signal: this.signal });
    listen(button, "click", () => this.go(at), { signal: this.signal });
    return button;
  }
}
