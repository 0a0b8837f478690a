/**
 * Texts of which a part is asked: what an answer says was looked at. Pure; all of it counts code points, as on the wire.
 *
 * The server checks and joins the stretches (a span at the edge makes its stretch grow). Here nothing is lost that a
 * person marked: a span that lies outside all stretches brings its own, for whoever marks a place has looked there.
 */
import type { Label, Part, Span } from "./types.ts";
import { isPart } from "./types.ts";

/** `[start, end]`: the first character, and the one after the last. */
export type Stretch = readonly number[];

type Asked = readonly Stretch[] | null;

/** Give the stretches that the data of an item ask for; null where all of it is asked. */
export function askedOf(data: Readonly<Record<string, unknown>>): Asked {
  const { asked, text } = data;
  if (!Array.isArray(asked) || asked.length === 0 || !asked.every(isStretch)) return null;
  return typeof text === "string" && areAll(asked, text) ? null : asked;
}

/** Say whether stretches leave nothing of a text but white space. */
function areAll(asked: readonly Stretch[], text: string): boolean {
  return [...text].every((point, at) => !point.trim() || asked.some(([start, end]) => start! <= at && at < end!));
}

const isStretch = (one: unknown): one is Stretch => Array.isArray(one) && one.length === 2 && one.every(Number.isInteger);

/** Give the stretches that an answer in the making is about: its own, none where it is about all, or those of the item. */
export function askedNow(data: Readonly<Record<string, unknown>>, draft: unknown): Asked {
  if (isPart(draft)) return draft.asked;
  return Array.isArray(draft) ? null : askedOf(data);
}

/** Say whether a span shares a character with a stretch. */
export const touches = (span: Span, asked: readonly Stretch[]): boolean =>
  asked.some(([start, end]) => span.start < end! && start! < span.end);

/** Make the answer about a part of all that a person marked. */
export function partOf(spans: readonly Span[], asked: readonly Stretch[]): Part {
  const elsewhere = spans.filter((span) => !touches(span, asked)).map(({ start, end }) => [start, end]);
  return { spans: [...spans], asked: [...asked.map((stretch) => [...stretch]), ...elsewhere] };
}

/** Cut a label down to what it says of the stretches; a label of another form, or where all is asked, stays as it is. */
export function cut(label: Label | null, asked: Asked): Label | null {
  if (!asked || !Array.isArray(label)) return label;
  return partOf((label as Span[]).filter((span) => touches(span, asked)), asked);
}
