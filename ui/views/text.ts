import type { Mounted, Props } from "./contract.ts";

export function mount(host: HTMLElement, { item }: Props): Mounted {
  host.textContent = String(item.data["text"] ?? JSON.stringify(item.data));
  return { destroy: () => host.replaceChildren() };
}
