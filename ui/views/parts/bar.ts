/** The bar below a picture that is marked: the classes, the threshold of suggestions, and how to mark. */

import { digitsOf } from "../../core/digits.ts";
import { capNow } from "../../core/rebind.ts";
import { element, listen } from "./dom.ts";
import { hueOf } from "./layer.ts";

/** A button with its key (as it is by itself); a press leaves the focus where it was, so that keys go on from there. */
export function keyButton(key: string, name: string, run: () => void, signal: AbortSignal): HTMLButtonElement {
  const cap = key ? [element("kbd", {}, capNow(key)), " "] : [];
  const button = element("button", { type: "button" }, ...cap, element("bdi", {}, name));
  listen(button, "mousedown", (event) => event.preventDefault(), { signal });
  listen(button, "click", run, { signal });
  return button;
}

/** The classes as buttons in their colours, the chosen one pressed. */
export class Classes {
  readonly root: HTMLElement;
  private readonly buttons: HTMLButtonElement[];

  constructor(names: readonly (string | number)[], choose: (at: number) => void, signal: AbortSignal) {
    const digits = digitsOf(names);
    this.buttons = names.map((name, at) => {
      const button = keyButton(digits[at]!, String(name), () => choose(at), signal);
      button.style.setProperty("--kind", hueOf(at));
      return button;
    });
    this.root = element("div", { class: "view-marks-classes", role: "group", "aria-label": "Classes" }, ...this.buttons);
  }

  press(chosen: number): void {
    this.buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(at === chosen)));
  }
}

/** A slider from 0 to 1 for how sure the model must be of what is shown. */
export class Threshold {
  readonly root: HTMLElement;
  private readonly slider = element("input", { type: "range", min: "0", max: "1", step: "0.01" });
  private readonly told = element("output", { class: "view-marks-number" });

  constructor(change: (threshold: number) => void, signal: AbortSignal) {
    listen(this.slider, "input", () => change(Number(this.slider.value)), { signal });
    // Keys go to the picture again once the mouse has let go of the slider.
    listen(this.slider, "pointerup", () => this.slider.blur(), { signal });
    const keys = [element("kbd", {}, capNow(",")), " ", element("kbd", {}, capNow("."))];
    const label = element("label", {}, "model at least", this.slider, this.told);
    this.root = element("div", { class: "view-marks-threshold", hidden: true }, label, ...keys);
  }

  set(threshold: number, offered: boolean): void {
    this.root.hidden = !offered;
    this.slider.value = String(threshold);
    this.told.textContent = threshold.toFixed(2);
  }
}
