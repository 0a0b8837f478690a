/** Marks spans of a text: by dragging, by clicking the first and the last word, or by arrows; a number gives the type. */

import type { Stretch } from "../core/asked.ts";
import { askedOf, partOf, touches } from "../core/asked.ts";
import { classAt, digitsOf } from "../core/digits.ts";
import type { Marking } from "../core/marking.ts";
import { begin, clear, click, cycle, drag, head, jump, label, redo, remove, selected, step, undo } from "../core/marking.ts";
import { latin } from "../core/press.ts";
import { capNow } from "../core/rebind.ts";
import type { Range, Span } from "../core/spans.ts";
import { direction, fromWire, nextToken, toWire } from "../core/spans.ts";
import { isPart } from "../core/types.ts";
import type { Label, Mounted, ViewKey, ViewProps, WireSpan } from "./contract.ts";
import type { Key } from "./parts/dom.ts";
import { element, listen, takeKeys } from "./parts/dom.ts";
import { paintSpans } from "./parts/paint.ts";
import { Places } from "./parts/places.ts";
import { textOf, textSize } from "./parts/text.ts";

export const drawsLabels = true;

export const keys: readonly ViewKey[] = [
  { key: "← →", hint: "go to the next or the previous word" },
  { key: "↑ ↓", hint: "go to the line above or below" },
  { key: "Shift + arrow", hint: "select more or fewer words" },
  { key: "X", hint: "select by single characters, or by words again" },
  { key: "1–9", hint: "give the selection a type, or the marked span another one" },
  { key: "E", hint: "where a part is asked: answer for all of the text, or for the part again" },
  { key: "Tab", hint: "go to the next marked span" },
  { key: "Del", hint: "remove the span" },
  { key: "Esc", hint: "let go of the selection" },
];

const HOW = "Drag over words, or click the first and the last one; then press the number of a type.";

export function mount(host: HTMLElement, props: ViewProps): Mounted {
  const marker = new Marker(props);
  host.replaceChildren(marker.root);
  marker.start();
  return { destroy: () => marker.destroy(), set: (given) => marker.set(given) };
}

/** The text with its marks, the types, and what a person does with them. */
class Marker {
  readonly root: HTMLElement;
  private readonly text: string;
  private readonly types: readonly string[];
  private readonly shown: HTMLElement;
  private readonly said = element("p", { class: "hidden-text", "aria-live": "polite" });
  private readonly places: Places;
  private readonly closing = new AbortController();
  private readonly unitButton: HTMLButtonElement;
  private readonly about = element("p", { id: "view-spans-part", class: "view-spans-how" });
  private readonly wholeButton: HTMLButtonElement;
  private exact = false;
  /** What is asked of the text; null where it is all. */
  private asked: readonly Stretch[] | null = null;
  /** True once the person says that they read all of it. */
  private whole = false;
  private marking!: Marking;

  constructor(private readonly props: ViewProps) {
    this.text = textOf(props.item.data);
    this.types = (props.schema.labels ?? []).map(String);
    this.open(props.label);
    const attributes = { role: "application", tabindex: "0", dir: "auto", "aria-describedby": "view-spans-part view-spans-how" };
    this.shown = element("p", { class: `view-text ${textSize(this.text)}`, "aria-label": "Text to mark", ...attributes });
    this.places = new Places(this.shown, this.text);
    const how = element("p", { id: "view-spans-how", class: "view-spans-how" }, HOW);
    this.unitButton = this.toggle("x", " by character", () => this.switchUnit());
    this.wholeButton = this.toggle("e", " I read all of it", () => this.switchWhole());
    const help = element("div", { class: "view-spans-help" }, this.about, this.wholeButton, how, this.unitButton);
    const bar = element("div", { class: "view-spans-bar" }, this.buttons(), help);
    this.root = element("div", { class: "view-spans" }, this.shown, bar, this.said);
  }

  start(): void {
    const { signal } = this.closing;
    let inside = false;
    listen(document, "mousedown", (event) => void (inside = this.shown.contains(event.target as Node)), { signal });
    listen(document, "mouseup", (event) => inside && event.button === 0 && this.pointed(event), { signal });
    takeKeys(signal, (event) => this.take(event));
    this.paint();
  }

  destroy(): void {
    this.closing.abort();
    this.root.remove();
  }

  /** Take an answer from outside; one that is here already keeps its steps to undo. */
  set(given: Label | null): void {
    const same = !this.marking.suggested && JSON.stringify(given) === JSON.stringify(this.answer());
    if (same) return;
    this.open(given);
    this.paint();
  }

  /** Begin with an answer, which says what was looked at, or with what the model says of what is asked. */
  private open(given: Label | null): void {
    this.asked = isPart(given) ? given.asked : askedOf(this.props.item.data);
    this.whole = Array.isArray(given);
    this.marking = this.from(given);
  }

  private from(given: Label | null): Marking {
    const suggestion = given === null ? (this.props.item.suggestion?.label ?? null) : null;
    const said = asSpans(given ?? suggestion);
    const part = suggestion === null ? null : this.part();
    const shown = part ? said.filter((span) => touches(span, part)) : said;
    const overlap = this.props.schema["overlap"] === true;
    return begin(this.text, fromWire(this.text, shown), { suggested: suggestion !== null && said.length > 0, overlap });
  }

  /** The stretches that the answer is about; null where it is about all of the text. */
  private part(): readonly Stretch[] | null {
    return this.whole ? null : this.asked;
  }

  private answer(): Label {
    const spans = toWire(this.text, this.marking.spans);
    const part = this.part();
    return part ? partOf(spans, part) : spans;
  }

  private buttons(): HTMLElement {
    const digits = digitsOf(this.types);
    const made = this.types.map((name, index) => {
      const cap = digits[index] ? [element("kbd", {}, digits[index]), " "] : [];
      const button = element("button", { type: "button", class: `kind-${kindOf(index)}` }, ...cap, element("bdi", {}, name));
      const { signal } = this.closing;
      // The text keeps the focus, so that the arrows go on from where they were.
      listen(button, "mousedown", (event) => event.preventDefault(), { signal });
      listen(button, "click", () => this.named(name), { signal });
      return button;
    });
    return element("div", { class: "view-spans-types", role: "group", "aria-label": "Types" }, ...made);
  }

  private pointed(event: MouseEvent): void {
    const range = this.places.dragged();
    getSelection()?.removeAllRanges();
    if (range) return this.become(drag(this.marking, range, this.exact));
    const unit = this.places.unitAt(event.clientX, event.clientY);
    if (unit !== null) this.become(click(this.marking, unit, { extend: event.shiftKey, exact: this.exact }));
    else if (this.shown.contains(event.target as Node)) this.become(clear(this.marking));
  }

  private take(event: Key): boolean {
    if (event.ctrlKey || event.metaKey) return latin(event) === "z" && this.back(event.shiftKey);
    if (event.altKey) return false;
    if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") return this.walk(event);
    const at = classAt(this.types, event);
    if (at !== null) return this.named(this.types[at]!), true;
    if (event.key === "Tab") return this.onText(event.target) && this.tab(event.shiftKey ? -1 : 1);
    if (event.key === "Delete" || event.key === "Backspace") return this.became(remove(this.marking));
    if (event.key === "Escape") return this.became(clear(this.marking));
    if (latin(event) === "x") return this.switchUnit();
    if (latin(event) === "e") return this.switchWhole();
    return latin(event) === "z" && this.back(event.shiftKey);
  }

  private toggle(chord: string, words: string, run: () => void): HTMLButtonElement {
    const button = element("button", { type: "button", class: "view-spans-unit", "aria-pressed": "false" });
    button.append(element("kbd", {}, capNow(chord)), words);
    const { signal } = this.closing;
    listen(button, "mousedown", (event) => event.preventDefault(), { signal });
    listen(button, "click", run, { signal });
    return button;
  }

  private switchUnit(): boolean {
    this.exact = !this.exact;
    this.unitButton.setAttribute("aria-pressed", String(this.exact));
    this.said.textContent = this.exact ? "By character" : "By word";
    return true;
  }

  /** Answer for all of the text, or for the part that is asked; what the model says then shows as far as that reaches. */
  private switchWhole(): boolean {
    if (!this.asked) return false;
    this.whole = !this.whole;
    if (this.marking.suggested) this.marking = this.from(null);
    this.paint();
    this.said.textContent = this.about.textContent;
    this.props.onChange(this.answer());
    return true;
  }

  private walk(event: Key): boolean {
    const extend = event.shiftKey;
    const by = this.forward(event.key);
    if (by) this.become(step(this.marking, by, { extend, exact: this.exact }));
    else this.become(jump(this.marking, this.target(event.key), extend));
    this.reveal();
    return true;
  }

  /** In a paragraph that reads from right to left, the left arrow goes forward. */
  private forward(key: string): 1 | -1 | null {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return null;
    const rtl = direction(this.text, head(this.marking)?.start ?? 0) === "rtl";
    return (key === "ArrowRight") === rtl ? -1 : 1;
  }

  private target(key: string): Range | null | undefined {
    const { words } = this.marking;
    const at = head(this.marking);
    if (key === "Home" || (key === "ArrowDown" && !at)) return words[0];
    if (key === "End" || !at) return words.at(-1);
    return this.beside(at, key === "ArrowUp" ? -1 : 1);
  }

  /** The word on the next line above (−1) or below (+1) that stands nearest to straight up or down. */
  private beside(at: Range, by: 1 | -1): Range | null {
    const middle = (box: DOMRect): number => box.left + box.width / 2;
    const from = by < 0 ? this.places.boxes(at)[0] : this.places.boxes(at).at(-1);
    let best: { word: Range; box: DOMRect } | null = null;
    if (!from) return null;
    // Words come line after line, so the next line is over with the first word of the one after it.
    for (let word = nextToken(this.marking.words, at, by); word; word = nextToken(this.marking.words, word, by)) {
      const box = by < 0 ? this.places.boxes(word).at(-1) : this.places.boxes(word)[0];
      if (!box || sameLine(box, from)) continue;
      if (best && !sameLine(box, best.box)) break;
      const nearer = !best || Math.abs(middle(box) - middle(from)) < Math.abs(middle(best.box) - middle(from));
      if (nearer) best = { word, box };
    }
    return best?.word ?? null;
  }

  private named(name: string): void {
    const next = label(this.marking, name);
    if (next === this.marking) this.said.textContent = "Nothing is selected. Select words first.";
    else this.become(next, `${name} marked`);
  }

  private tab(by: 1 | -1): boolean {
    this.become(cycle(this.marking, by));
    this.reveal();
    return this.marking.active !== null;
  }

  private back(again: boolean): boolean {
    return this.became(again ? redo(this.marking) : undo(this.marking), again ? "Done again" : "Undone");
  }

  /** Take on a state if it is another one; says whether it was. */
  private became(next: Marking, said?: string): boolean {
    const idle = next.spans === this.marking.spans && !this.marking.selection && this.marking.active === null;
    if (!idle) this.become(next, said);
    return !idle;
  }

  private become(next: Marking, said?: string): void {
    const changed = next.spans !== this.marking.spans;
    this.marking = next;
    this.paint();
    this.said.textContent = said ?? this.words();
    if (changed) this.props.onChange(this.answer());
  }

  private paint(): void {
    const part = this.part();
    const asked = part && fromWire(this.text, part.map(([start, end]) => ({ start: start!, end: end!, label: "" })));
    paintSpans(this.shown, this.marking, (name) => kindOf(this.types.indexOf(name)), asked);
    this.tell(asked);
    this.root.classList.toggle("choosing", selected(this.marking) !== null || this.marking.active !== null);
  }

  /** Say in one line what is asked; to those who do not see it, in its words. */
  private tell(asked: readonly Range[] | null): void {
    const quoted = asked?.map(({ start, end }) => `“${this.text.slice(start, end)}”`).join(", ");
    const heard = element("span", { class: "hidden-text" }, ` It reads: ${quoted}.`);
    this.about.replaceChildren(...(asked ? ["Only the underlined part is asked.", heard] : ["You answer for all of the text."]));
    this.wholeButton.setAttribute("aria-pressed", String(this.whole));
    this.about.hidden = this.wholeButton.hidden = this.asked === null;
  }

  private words(): string {
    const { spans, active } = this.marking;
    const quote = (range: Range): string => this.text.slice(range.start, range.end);
    const range = selected(this.marking);
    if (range) return `${quote(range)}, selected`;
    return active === null ? "" : `${spans[active]!.label}: ${quote(spans[active]!)}, ${active + 1} of ${spans.length}`;
  }

  private reveal(): void {
    this.shown.querySelector(".chosen, .active")?.scrollIntoView({ block: "nearest" });
  }

  private onText(target: EventTarget | null): boolean {
    return target instanceof Node && target.contains(this.shown);
  }
}

/** Types have one of eight colours each; their names are always written too. */
function kindOf(index: number): number {
  return index < 0 ? 8 : (index % 8) + 1;
}

function sameLine(a: DOMRect, b: DOMRect): boolean {
  return Math.abs(a.top - b.top) < a.height / 2;
}

function asSpans(given: Label | null): Span[] {
  const isSpan = (one: unknown): one is WireSpan => typeof one === "object" && one !== null && "start" in one;
  const list: unknown = isPart(given) ? given.spans : given;
  return Array.isArray(list) ? (list as unknown[]).filter(isSpan) : [];
}
