/** Shows an image on a neutral stage: zoom, pan, brightness and contrast, exact pixels beyond 100 %. */

import type { Mounted, ViewKey, ViewProps } from "./contract.ts";
import { takeKeys } from "./parts/dom.ts";
import { Picture, pictureKeys } from "./parts/picture.ts";

export { prepare } from "./parts/picture.ts";

export const keys: readonly ViewKey[] = [...pictureKeys, { key: "← ↑ → ↓", hint: "move the image" }];

export function mount(host: HTMLElement, { item }: ViewProps): Mounted {
  const picture = new Picture(item);
  const closing = new AbortController();
  host.replaceChildren(picture.root);
  takeKeys(closing.signal, (event) => picture.take(event));
  picture.start();
  return { destroy: () => (closing.abort(), picture.destroy()) };
}
