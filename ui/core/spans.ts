/**
 * Spans of text: two ways of counting, and what a selection may cover.
 *
 * On the wire a span counts Unicode code points, as Python does; in the DOM everything counts UTF-16 units. All of this
 * file but `fromWire` and `toWire` counts units. No span that a person makes cuts what a reader sees as one character
 * (a grapheme).
 */

/** A stretch of text in UTF-16 units, the end not included. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A stretch of text with its type; the same shape as on the wire, where it counts code points. */
export interface Span extends Range {
  readonly label: string;
}

/** A word, a number or a run of punctuation; white space is no token. */
export type Token = Range;

/** A stretch that is covered by the same spans all along: the indices of those spans, in their order. */
export interface Run extends Range {
  readonly spans: readonly number[];
}

// One fixed locale, so that the same text falls into the same words for every person and browser language.
const WORDS = new Intl.Segmenter("en", { granularity: "word" });
const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });
const SPACE = /^\s*$/u;
const RTL = /^[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
const LETTER = /^\p{L}/u;

/** Turn code points into units; a span that does not lie in the text is left out. */
export function fromWire(text: string, spans: readonly Span[]): Span[] {
  const units = unitsOfPoints(text);
  const inside = spans.filter((span) => 0 <= span.start && span.start < span.end && span.end < units.length);
  return inOrder(inside.map((span) => ({ start: units[span.start]!, end: units[span.end]!, label: span.label })));
}

/** Turn units into code points. */
export function toWire(text: string, spans: readonly Span[]): Span[] {
  const units = unitsOfPoints(text);
  const point = (unit: number): number => firstFrom(units, (at) => at >= unit);
  return inOrder(spans).map(({ start, end, label }) => ({ start: point(start), end: point(end), label }));
}

/** Give the unit at which each code point starts, and the length of the text at the end. */
function unitsOfPoints(text: string): number[] {
  const units: number[] = [];
  let unit = 0;
  for (const point of text) {
    units.push(unit);
    unit += point.length;
  }
  units.push(unit);
  return units;
}

/** Cut a text into tokens, in order. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const { segment, index } of WORDS.segment(text)) {
    if (!SPACE.test(segment)) found.push({ start: index, end: index + segment.length });
  }
  return found;
}

/** Give the grapheme at a unit, or null outside the text. */
export function graphemeAt(text: string, unit: number): Range | null {
  if (unit < 0 || unit >= text.length) return null;
  const found = GRAPHEMES.segment(text).containing(unit)!;
  return { start: found.index, end: found.index + found.segment.length };
}

/** Give the token at a unit, or null on white space. */
export function tokenAt(words: readonly Token[], unit: number): Token | null {
  const token = words[firstFrom(words, (word) => word.end > unit)];
  return token && token.start <= unit ? token : null;
}

/** Widen a range to whole tokens; null when it covers none. */
export function toTokens(words: readonly Token[], range: Range): Range | null {
  const first = words[firstFrom(words, (word) => word.end > range.start)];
  const last = words[firstFrom(words, (word) => word.start >= range.end) - 1];
  return first && last && first.start <= last.start ? { start: first.start, end: last.end } : null;
}

/** Widen a range to whole graphemes and take white space off its ends; null when nothing is left. */
export function toGraphemes(text: string, range: Range): Range | null {
  const blank = (at: Range): boolean => SPACE.test(text.slice(at.start, at.end));
  let start = graphemeAt(text, range.start)?.start ?? text.length;
  let end = graphemeAt(text, range.end - 1)?.end ?? 0;
  for (let at = graphemeAt(text, start); at && start < end && blank(at); at = graphemeAt(text, start)) start = at.end;
  for (let at = graphemeAt(text, end - 1); at && start < end && blank(at); at = graphemeAt(text, end - 1)) end = at.start;
  return start < end ? { start, end } : null;
}

/** Give the token after (+1) or before (−1) a range, or null at the end of the text. */
export function nextToken(words: readonly Token[], range: Range, step: 1 | -1): Token | null {
  const after = firstFrom(words, (word) => word.start >= range.end);
  const before = firstFrom(words, (word) => word.end > range.start) - 1;
  return words[step > 0 ? after : before] ?? null;
}

/** Give the grapheme after (+1) or before (−1) a range, or null at the end of the text. */
export function nextGrapheme(text: string, range: Range, step: 1 | -1): Range | null {
  return graphemeAt(text, step > 0 ? range.end : range.start - 1);
}

/** Tell which way the paragraph at a unit reads: its first letter decides, as `dir="auto"` does. */
export function direction(text: string, unit: number): "ltr" | "rtl" {
  const start = text.lastIndexOf("\n", unit - 1) + 1;
  const stop = text.indexOf("\n", unit);
  for (const point of text.slice(start, stop < 0 ? undefined : stop)) {
    if (LETTER.test(point)) return RTL.test(point) ? "rtl" : "ltr";
  }
  return "ltr";
}

/** Sort spans by start, the longer first, then by type. */
export function inOrder(spans: readonly Span[]): Span[] {
  const byName = (a: Span, b: Span): number => (a.label < b.label ? -1 : Number(a.label > b.label));
  return [...spans].sort((a, b) => a.start - b.start || b.end - a.end || byName(a, b));
}

/**
 * Add a span. Where spans may overlap, it joins the others; else it takes the place of those that it touches, for the
 * last thing a person said is what they mean (undo brings the others back).
 */
export function place(spans: readonly Span[], added: Span, overlap: boolean): Span[] {
  const apart = (span: Span): boolean => span.end <= added.start || span.start >= added.end;
  const other = (span: Span): boolean =>
    span.start !== added.start || span.end !== added.end || span.label !== added.label;
  return inOrder([...spans.filter(overlap ? other : apart), added]);
}

/** Join ranges that share characters or follow each other without a gap. */
export function joined(ranges: readonly Range[]): Range[] {
  const found: Range[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = found.at(-1);
    if (last && start <= last.end) found[found.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    else found.push({ start, end });
  }
  return found;
}

/** Cut a text of some length at every edge of a span. */
export function runs(length: number, spans: readonly Range[]): Run[] {
  const edges = [...new Set([0, length, ...spans.flatMap((span) => [span.start, span.end])])].sort((a, b) => a - b);
  return edges.slice(1).map((end, at) => {
    const start = edges[at]!;
    const covering = spans.flatMap((span, index) => (span.start < end && start < span.end ? [index] : []));
    return { start, end, spans: covering };
  });
}

/** Find the first place at which a test holds, of a test that fails and then holds; the length when it never does. */
function firstFrom<T>(values: readonly T[], holds: (value: T) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(values[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
