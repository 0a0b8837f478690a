/** Painting a marked text: one mark for each stretch under the same spans, with the name of the type where it ends. */

import type { Marking } from "../../core/marking.ts";
import { selected } from "../../core/marking.ts";
import type { Range, Run, Span } from "../../core/spans.ts";
import { joined, runs } from "../../core/spans.ts";
import { element } from "./dom.ts";

const NOWHERE: Range = { start: 0, end: 0 };

type Kind = (label: string) => number;

/** Replace what a host shows by the text and its marks; `kind` gives the colour of a type, `asked` what is asked, if not all. */
export function paintSpans(host: HTMLElement, marking: Marking, kind: Kind, asked: readonly Range[] | null = null): void {
  const chosen = selected(marking);
  const here = chosen ?? NOWHERE;
  // A mark or a selection at the edge of what is asked stays in one piece.
  const looked = asked ? joined([...asked, ...marking.spans, ...(chosen ? [chosen] : [])]) : [{ start: 0, end: marking.text.length }];
  const stretches = runs(marking.text.length, [...marking.spans, here, ...looked]);
  const plain = (run: Run): string => (asked ? (run.spans.some((index) => index > marking.spans.length) ? "asked" : "unasked") : "");
  host.replaceChildren(...stretches.map((run) => piece(run, marking, kind, plain(run))));
}

function piece(run: Run, marking: Marking, kind: Kind, plain: string): Node {
  const { spans, suggested, active, text } = marking;
  const here = run.spans.filter((index) => index < spans.length);
  const words = text.slice(run.start, run.end);
  const chosen = run.spans.includes(spans.length);
  const inner = shortest(here, spans);
  const bare = chosen ? "chosen" : plain;
  if (inner === null) return bare ? element("span", { class: bare }, words) : document.createTextNode(words);
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
