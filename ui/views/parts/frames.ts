/** The frames before and after an item, below it: to look at, while the answer stays with the item. */

import { element, listen } from "./dom.ts";

export interface Frame {
  id: string;
  image: string;
}

/** Frames on each side of the one that is looked at. */
const SHOWN = 3;
/** Frames that are fetched ahead on each side; more of them the way that somebody goes. */
const BESIDE = 2;
const AHEAD = 8;

export function framesOf(data: Readonly<Record<string, unknown>>): Frame[] {
  const frames = data["frames"];
  return Array.isArray(frames) ? (frames as Frame[]) : [];
}

export class Frames {
  readonly root = element("div", { class: "view-frames", role: "group", "aria-label": "Frames before and after" });
  private readonly own: number;
  private at: number;
  private way = 0;
  private begun = false;
  private fetching = false;
  private readonly fetched = new Map<string, HTMLImageElement>();

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

  /** Fetch what lies about the item, now that the item itself is there. */
  begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.paint();
    void this.fetchAhead();
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
    const before = this.at;
    this.at = Math.min(this.frames.length - 1, Math.max(0, to));
    this.way = Math.sign(this.at - before) || this.way;
    this.look(this.frames[this.at]!, this.away === 0);
    this.paint();
    void this.fetchAhead();
  }

  /** One at a time, the nearest first: the server has other things to do as well. */
  private async fetchAhead(): Promise<void> {
    if (this.fetching || !this.begun) return;
    this.fetching = true;
    for (let next = this.nearest(); next !== undefined && !this.signal.aborted; next = this.nearest()) {
      const image = new Image();
      image.src = next;
      this.fetched.set(next, image);
      await image.decode().catch(() => undefined);
    }
    this.fetching = false;
  }

  private nearest(): string | undefined {
    const steps = Array.from({ length: AHEAD }, (_, step) => step + 1);
    const places = steps.flatMap((step) => (step <= BESIDE ? [step, -step] : this.way ? [step] : []));
    const about = places.map((step) => this.frames[this.at + step * (this.way || 1)]?.image);
    return about.find((image) => image !== undefined && !this.fetched.has(image));
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
    const image = element("img", { src: this.begun && `${frame.image}?width=160`, alt: "", loading: "lazy" });
    const button = element("button", { type: "button", "aria-pressed": String(at === this.at) }, image, element("span", {}, name));
    button.classList.toggle("own", away === 0);
    listen(button, "mousedown", (event) => event.preventDefault(), { signal: this.signal });
    listen(button, "click", () => this.go(at), { signal: this.signal });
    return button;
  }
}
