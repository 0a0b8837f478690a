/** Shows an image on a neutral stage, a frame of a video or a slice of a scan among those about it. */

import type { Mounted, ViewKey, ViewProps } from "./contract.ts";
import { classAt, digitsOf } from "../core/digits.ts";
import { takeKeys } from "./parts/dom.ts";
import { Picture, pictureKeys } from "./parts/picture.ts";

export { prepare } from "./parts/picture.ts";

export const keys: readonly ViewKey[] = [...pictureKeys, { key: "← ↑ → ↓", hint: "move the image" }];

export function mount(host: HTMLElement, { item, schema }: ViewProps): Mounted {
  const names = schema.labels ?? [];
  const picture = new Picture(item, { zeroTaken: digitsOf(names).includes("0") });
  const closing = new AbortController();
  host.replaceChildren(picture.root);
  takeKeys(closing.signal, (event) => classAt(names, event) === null && picture.hear(event, () => false));
  picture.start();
  return { destroy: () => (closing.abort(), picture.destroy()) };
}
