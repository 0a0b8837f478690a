/** Pictures at hand: fetched and decoded ahead of time; those used last are kept. */

/** As many as the shell prefetches, the one that is seen, and a few to go back to. */
const KEPT = 12;
const ready = new Map<string, HTMLImageElement>();

/** Give the picture of an address; it is fetched now unless it is at hand. */
export function pictureOf(source: string): HTMLImageElement {
  const image = ready.get(source) ?? new Image();
  ready.delete(source);
  ready.set(source, image);
  if (ready.size > KEPT) ready.delete(ready.keys().next().value!);
  if (!image.src) image.src = source;
  return image;
}

/** Give the picture no more: another one was drawn in its place. */
export const forget = (source: string): void => void ready.delete(source);
