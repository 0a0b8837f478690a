/** Painting a marked text: one mark for each stretch under the same spans, with the name of the type where it ends. */

import type { Marking } from "../../core/marking.ts";
import { selected } from "../../core/marking.ts";
import type { Run, Span } from "../../core/spans.ts";
import { runs } from "../../core/spans.ts";
import { element } from "./dom.ts";

/** Replace what a host shows by the text and its marks; `kind` gives the colour of a type. */
export function paintSpans(host: HTMLElement, marking: Marking, kind: (label: string) => number): void {
  const chosen = selected(marking);
  const stretches = runs(marking.text.length, chosen ? [...marking.spans, chosen] : marking.spans);
  host.replaceChildren(...stretches.map((run) => piece(run, marking, kind)));
}

function piece(run: Run, marking: Marking, kind: (label: string) => number): Node {
  const { spans, suggested, active, text } = marking;
  const here = run.spans.filter((index) => index < spans.length);
  const words = text.slice(run.start, run.end);
  const chosen = here.length < run.spans.length;
  const inner = shortest(here, spans);
  if (inner === null) return chosen ? element("span", { class: "chosen" }, words) : document.createTextNode(words);
  const states = { suggested, chosen, active: active !== null && here.includes(active), nested: here.length > 1 };
  const on = Object.entries(states).flatMap(([name, holds]) => (holds ? [name] : []));
  const ending = here.filter((index) => spans[index]!.end === run.end).map((index) => spans[index]!.label);
  const attributes = { class: [`kind-${kind(spans[inner]!.label)}`, ...on].join(" "), "data-ends": ending.join(" · ") || null };
  return element("mark", attributes, words);
}

function shortest(indices: readonly number[], spans: readonly Span[]): number | null {
  const size = (index: number): number => spans[index]!.end - spans[index]!.start;
  return indices.length ? indices.reduce((best, index) => (size(index) < size(best) ? index : best)) : null;
}
