/**
 * Marking a text: what is marked, what is selected, and what each action of a person makes of it.
 *
 * Pure: every function takes a state and gives another. Ranges count UTF-16 units (see spans.ts).
 */

import type { Range, Span, Token } from "./spans.ts";
import { graphemeAt, inOrder, nextGrapheme, nextToken, place, toGraphemes, tokenAt, tokens, toTokens } from "./spans.ts";

/** A selection in the making: it covers both ranges and what lies between; `open` waits for a click on its last token. */
interface Selection {
  readonly anchor: Range;
  readonly head: Range;
  readonly open: boolean;
}

/** All that the view of spans knows. */
export interface Marking {
  readonly text: string;
  readonly words: readonly Token[];
  readonly overlap: boolean;
  readonly spans: readonly Span[];
  /** True while the spans are the model's and nobody has changed them. */
  readonly suggested: boolean;
  readonly selection: Selection | null;
  /** The span that a number retypes and Del removes, by its index. */
  readonly active: number | null;
  /** Where the arrows go on from when nothing is selected. */
  readonly from: Range | null;
  readonly past: readonly (readonly Span[])[];
  readonly future: readonly (readonly Span[])[];
}

/** How a click or a step is meant: growing the selection, and by characters instead of words. */
export interface How {
  readonly extend?: boolean;
  readonly exact?: boolean;
}

/** Begin with the spans of an answer or of a suggestion. */
export function begin(text: string, spans: readonly Span[], how: { suggested: boolean; overlap: boolean }): Marking {
  const rest = { selection: null, active: null, from: null, past: [], future: [] };
  return { text, words: tokens(text), spans: inOrder(spans), ...how, ...rest };
}

/** Give what is selected, or null. */
export function selected(marking: Marking): Range | null {
  if (!marking.selection) return null;
  const { anchor, head } = marking.selection;
  return { start: Math.min(anchor.start, head.start), end: Math.max(anchor.end, head.end) };
}

/** Select what was dragged over: whole words, or exact characters. */
export function drag(marking: Marking, range: Range, exact: boolean): Marking {
  const found = exact ? toGraphemes(marking.text, range) : toTokens(marking.words, range);
  return found ? choose(marking, { anchor: found, head: found, open: false }) : clear(marking);
}

/**
 * Take a click: the first click selects a word, the next one (or any with Shift) grows the selection to its last word;
 * a click on a marked span makes it the active one; a click on white space lets go.
 */
export function click(marking: Marking, unit: number, how: How = {}): Marking {
  const word = tokenAt(marking.words, unit);
  const token = word && how.exact ? graphemeAt(marking.text, unit) : word;
  if (!token) return clear(marking);
  const selection = marking.selection;
  if (selection && (how.extend || selection.open)) return choose(marking, { ...selection, head: token, open: false });
  const span = innermost(marking.spans, unit);
  return span === null ? choose(marking, { anchor: token, head: token, open: true }) : activate(marking, span);
}

/** Move the selection to the next token, or grow it; `exact` goes by characters. */
export function step(marking: Marking, by: 1 | -1, how: How = {}): Marking {
  const at = head(marking);
  if (!at) return jump(marking, by > 0 ? marking.words[0] : marking.words.at(-1), how.extend);
  const next = how.exact ? nextGrapheme(marking.text, at, by) : nextToken(marking.words, at, by);
  return jump(marking, next ?? at, how.extend);
}

/** Put the head of the selection onto a token, and its anchor too unless it grows. */
export function jump(marking: Marking, to: Range | null | undefined, extend = false): Marking {
  if (!to) return marking;
  const anchor = extend ? (marking.selection?.anchor ?? head(marking) ?? to) : to;
  return choose(marking, { anchor, head: to, open: false });
}

/** Give the place that the arrows go on from. */
export function head(marking: Marking): Range | null {
  const active = marking.active === null ? undefined : marking.spans[marking.active];
  return marking.selection?.head ?? active ?? marking.from;
}

/** Give the selection a type, or the active span another one; without either nothing changes. */
export function label(marking: Marking, name: string): Marking {
  const range = selected(marking) ?? (marking.active === null ? null : marking.spans[marking.active]!);
  if (!range) return marking;
  const added = { start: range.start, end: range.end, label: name };
  const others = marking.spans.filter((_, index) => index !== marking.active);
  return { ...change(marking, place(others, added, marking.overlap)), from: range };
}

/** Remove the active span, or else those that the selection touches. */
export function remove(marking: Marking): Marking {
  const range = selected(marking);
  const touched = (span: Span, index: number): boolean =>
    range ? span.start < range.end && range.start < span.end : index === marking.active;
  const left = marking.spans.filter((span, index) => !touched(span, index));
  return left.length === marking.spans.length ? marking : { ...change(marking, left), from: range ?? head(marking) };
}

/** Make the next span the active one; past the last (or the first, backwards) none is. */
export function cycle(marking: Marking, by: 1 | -1): Marking {
  const at = marking.active === null ? (by > 0 ? 0 : marking.spans.length - 1) : marking.active + by;
  return marking.spans[at] ? activate(marking, at) : clear(marking);
}

/** Let go of the selection and of the active span. */
export function clear(marking: Marking): Marking {
  return { ...marking, selection: null, active: null, from: head(marking) };
}

/** Take back the last change; what is left is the person's, even where it equals a suggestion. */
export function undo(marking: Marking): Marking {
  const last = marking.past.at(-1);
  if (!last) return marking;
  return { ...clear(marking), spans: last, past: marking.past.slice(0, -1), future: [...marking.future, marking.spans] };
}

/** Make again the last change that was taken back. */
export function redo(marking: Marking): Marking {
  const next = marking.future.at(-1);
  if (!next) return marking;
  return { ...clear(marking), spans: next, past: [...marking.past, marking.spans], future: marking.future.slice(0, -1) };
}

function choose(marking: Marking, selection: Selection): Marking {
  return { ...marking, selection, active: null };
}

function activate(marking: Marking, span: number): Marking {
  return { ...marking, selection: null, active: span };
}

/** Give the shortest span at a unit, so that a span inside another can be reached. */
function innermost(spans: readonly Span[], unit: number): number | null {
  let best: number | null = null;
  spans.forEach((span, index) => {
    const here = span.start <= unit && unit < span.end;
    if (here && (best === null || span.end - span.start < spans[best]!.end - spans[best]!.start)) best = index;
  });
  return best;
}

/** The spans change, and are the person's from now on. */
function change(marking: Marking, spans: readonly Span[]): Marking {
  const past = [...marking.past, marking.spans];
  return { ...marking, spans, suggested: false, selection: null, active: null, past, future: [] };
}
