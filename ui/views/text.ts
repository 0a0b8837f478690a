/** Shows a text: large and calm, each paragraph in its own direction, line breaks kept. */

import type { Mounted, ViewProps } from "./contract.ts";
import { element } from "./parts/dom.ts";
import { textOf, textSize } from "./parts/text.ts";

export function mount(host: HTMLElement, { item }: ViewProps): Mounted {
  const text = textOf(item.data);
  const shown = element("p", { class: `view-text ${textSize(text)}`, dir: "auto" }, text);
  if (!text.trim()) shown.replaceChildren(element("span", { class: "view-nothing" }, "This item has no text."));
  host.replaceChildren(shown);
  return { destroy: () => shown.remove() };
}
