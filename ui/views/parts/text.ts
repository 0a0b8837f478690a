/** What the text of an item is, and how large it is set. */

/** Give the text of an item: the field `text`. */
export function textOf(data: Readonly<Record<string, unknown>>): string {
  const text = data["text"];
  return typeof text === "string" ? text : text === null || text === undefined ? "" : String(text);
}

/** A short text is set larger: the class of its size. */
export function textSize(text: string): string {
  return text.length < 240 ? "text-short" : text.length < 1200 ? "text-medium" : "text-long";
}
