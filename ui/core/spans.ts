/**
 * Spans of text. On the wire an offset counts code points (as Python does); the browser counts UTF-16 units. Everything
 * here keeps the two apart: names ending in `At` take and give UTF-16 positions, spans always hold code points.
 */
import type { Span } from "./types.ts";

/** Translate between code points and UTF-16 positions of one text; built in O(length), each question O(log astral). */
export class Offsets {
  /** Code-point index of each character outside the basic plane: those take two UTF-16 units. */
  private readonly astral: number[] = [];
  readonly length: number;

  constructor(readonly text: string) {
    let point = 0;
    for (const character of text) {
      if (character.length === 2) this.astral.push(point);
      point += 1;
    }
    this.length = point;
  }

  /** UTF-16 position of a code point. */
  unitAt(point: number): number {
    return point + countBelow(this.astral, (other) => other < point);
  }

  /** Code point of a UTF-16 position; a position inside a pair belongs to the character it splits. */
  point(unit: number): number {
    const pairsBefore = countBelow(this.astral, (other, order) => other + order + 1 < unit);
    return unit - pairsBefore;
  }

  slice(span: Span): string {
    return this.text.slice(this.unitAt(span.start), this.unitAt(span.end));
  }
}

/** Count the leading entries for which `holds` is true; it must be true up to some place and false after it. */
function countBelow(sorted: readonly number[], holds: (value: number, order: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle]!, middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Token {
  start: number;
  end: number;
}

/** Words, numbers, emoji and marks in reading order, in code points; white space is left out. */
export function tokens(offsets: Offsets, language?: string): Token[] {
  const found: Token[] = [];
  const words = new Intl.Segmenter(language, { granularity: "word" });
  let start = 0;
  for (const { segment } of words.segment(offsets.text)) {
    const end = start + [...segment].length;
    if (segment.trim()) found.push({ start, end });
    start = end;
  }
  return found;
}

/** Code-point positions at which a person sees a character begin, the end of the text last. */
export function graphemes(offsets: Offsets): number[] {
  const places = [0];
  const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(offsets.text);
  for (const { segment } of segments) places.push(places[places.length - 1]! + [...segment].length);
  return places;
}

/** Widen a range to whole visible characters, then narrow it past white space at its ends; null when nothing is left. */
export function snap(offsets: Offsets, from: number, to: number): Token | null {
  const places = graphemes(offsets);
  let first = countBelow(places, (place) => place <= Math.min(from, to)) - 1;
  let last = countBelow(places, (place) => place < Math.max(from, to));
  const blank = (at: number) => !offsets.slice({ start: places[at]!, end: places[at + 1]!, label: "" }).trim();
  last = Math.min(last, places.length - 1);
  while (first < last && blank(first)) first += 1;
  while (last > first && blank(last - 1)) last -= 1;
  return first < last ? { start: places[first]!, end: places[last]! } : null;
}

/** Add a span; those of any label that it crosses or covers give way, unless spans may overlap. */
export function withSpan(spans: readonly Span[], span: Span, overlapping = false): Span[] {
  const apart = (other: Span) => other.end <= span.start || other.start >= span.end;
  const same = (other: Span) => other.start === span.start && other.end === span.end && other.label === span.label;
  const kept = spans.filter((other) => (overlapping ? !same(other) : apart(other)));
  return inOrder([...kept, span]);
}

export function withoutSpan(spans: readonly Span[], span: Span): Span[] {
  return spans.filter((other) => !sameSpan(other, span));
}

export function sameSpan(one: Span, other: Span): boolean {
  return one.start === other.start && one.end === other.end && one.label === other.label;
}

export function inOrder(spans: readonly Span[]): Span[] {
  return [...spans].sort((a, b) => a.start - b.start || a.end - b.end || (a.label < b.label ? -1 : 1));
}

/** The direction that the first strong letter asks for. */
export function direction(text: string): "rtl" | "ltr" {
  const strong = /[\p{L}]/u.exec(text)?.[0] ?? "";
  return /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(strong) ? "rtl" : "ltr";
}
