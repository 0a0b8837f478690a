/** Asks of the patch round a candidate: is this a particle? Yes or no, by one key or one large button. */

import { digitsOf } from "../core/digits.ts";
import { latin } from "../core/press.ts";
import { bound, capNow } from "../core/rebind.ts";
import type { Look } from "../core/zoom.ts";
import type { Label, Mounted, Name, ViewItem, ViewKey, ViewProps } from "./contract.ts";
import { element, listen, takeKeys } from "./parts/dom.ts";
import type { Pen } from "./parts/layer.ts";
import { hueOf, Layer, stroke } from "./parts/layer.ts";
import { Picture, pictureKeys } from "./parts/picture.ts";

export { prepare } from "./parts/picture.ts";

export const drawsLabels = true;

export const keys: readonly ViewKey[] = [
  { key: "Y", hint: "yes, this is one" },
  { key: "N", hint: "no" },
  { key: "O", hint: "hide the circle, or show it" },
  ...pictureKeys.filter(({ key }) => key !== "N"),
];

const NO = /^(no|not|none|false|negative|other|background)\b/i;

export function mount(host: HTMLElement, props: ViewProps): Mounted {
  const asked = new Question(props);
  host.replaceChildren(asked.root);
  asked.start();
  return { destroy: () => asked.destroy(), set: (given) => asked.press(given) };
}

/** Put the classes in order: yes, no, and what else there is. */
export function inOrder(names: readonly Name[]): Name[] {
  const no = names.find((name) => NO.test(String(name))) ?? names[1];
  const yes = names.find((name) => name !== no);
  return [yes, no, ...names.filter((name) => name !== yes && name !== no)].filter((name) => name !== undefined);
}

class Question {
  readonly root: HTMLElement;
  private readonly closing = new AbortController();
  private readonly picture: Picture;
  private readonly layer: Layer;
  private readonly names: readonly Name[];
  private readonly buttons: readonly HTMLButtonElement[];
  private circled = true;

  constructor(private readonly props: ViewProps) {
    this.names = inOrder(props.schema.labels ?? []);
    this.buttons = this.names.map((name, at) => this.button(name, at));
    const bar = element("div", { class: "view-marks-bar view-candidate-bar", role: "group", "aria-label": "Classes" }, ...this.buttons);
    this.picture = new Picture(props.item, { below: [bar], noTaken: true, painted: (look) => this.layer.follow(look) });
    this.layer = new Layer(this.picture.table, (pen, look) => this.paint(pen, look));
    this.root = element("div", { class: "view-candidate" }, this.picture.root);
    this.press(props.label);
  }

  start(): void {
    takeKeys(this.closing.signal, (event) => this.picture.hear(event, (key) => !key.ctrlKey && !key.metaKey && this.take(latin(key))));
    this.picture.start();
    this.layer.paint(this.picture.look);
  }

  destroy(): void {
    this.closing.abort();
    this.layer.destroy();
    this.picture.destroy();
    this.root.remove();
  }

  press(label: Label | null): void {
    this.buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(this.names[at] === label)));
  }

  private button(name: Name, at: number): HTMLButtonElement {
    const { labels = [] } = this.props.schema;
    const key = at < 2 ? capNow("yn"[at]!) : (digitsOf(labels)[labels.indexOf(name)] ?? "");
    const suggested = this.props.item.suggestion?.label === name;
    const cap = key ? [element("kbd", { "aria-hidden": "true" }, key), " "] : [];
    const words = suggested ? [element("span", { class: "hidden-text" }, ", suggested by the model")] : [];
    const attributes = { type: "button", class: suggested ? "suggested" : null, "aria-keyshortcuts": at < 2 ? bound("yn"[at]!) : null };
    const button = element("button", attributes, ...cap, element("bdi", {}, String(name)), ...words);
    button.style.setProperty("--kind", hueOf(labels.indexOf(name)));
    const { signal } = this.closing;
    listen(button, "mousedown", (event) => event.preventDefault(), { signal });
    listen(button, "click", () => this.say(name), { signal });
    return button;
  }

  private take(key: string): boolean {
    const at = ["y", "n"].indexOf(key);
    if (at >= 0 && at < this.names.length) return this.say(this.names[at]!), true;
    if (key !== "o") return false;
    this.circled = !this.circled;
    this.layer.paint();
    return true;
  }

  /** Answer at once where the app takes it so; else it waits for Enter. */
  private say(name: Name): void {
    this.press(name);
    (this.props.answer ?? this.props.onChange)(name);
  }

  private paint(pen: Pen, look: Look): void {
    if (!this.circled) return;
    const { x, y, diameter } = placeOf(this.props.item);
    pen.beginPath();
    pen.arc(look.x + (x + 0.5) * look.scale, look.y + (y + 0.5) * look.scale, (diameter / 2) * look.scale, 0, 2 * Math.PI);
    stroke(pen, hueOf(4), 2.5, [9, 6]);
  }
}

/** Where the candidate is in its patch, and how large: as the record says, else in the middle and half as wide. */
export function placeOf({ data }: ViewItem): { x: number; y: number; diameter: number } {
  const number = (name: string): number => (typeof data[name] === "number" ? (data[name] as number) : NaN);
  const or = (value: number, otherwise: number): number => (Number.isFinite(value) ? value : otherwise);
  const [width, height] = [or(number("width"), 0), or(number("height"), 0)];
  return {
    x: or(number("centre_x") - number("x"), (width - 1) / 2),
    y: or(number("centre_y") - number("y"), (height - 1) / 2),
    diameter: or(number("diameter"), Math.min(width, height) / 2),
  };
}
