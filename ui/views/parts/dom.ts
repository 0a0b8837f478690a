/** Building elements without markup: whatever an item holds becomes text, never HTML. */

import type { Press } from "../../core/press.ts";
import { meant } from "../../core/rebind.ts";

type Child = Node | string;

/** A key as it is by itself, whatever a person has chosen in its place, and where it was pressed. */
export type Key = Press & { readonly target: EventTarget | null };

/** Make an element with attributes and children; an attribute that is null or false is left away. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | boolean | null>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Listen until the given signal is aborted, so that one `abort` takes a whole view off the document. */
export function listen<K extends keyof DocumentEventMap>(
  target: Document | HTMLElement,
  type: K,
  heard: (event: DocumentEventMap[K]) => void,
  options: AddEventListenerOptions & { signal: AbortSignal },
): void {
  target.addEventListener(type, heard as EventListener, options);
}

/**
 * Hear the keys of a view before the shell does; `take` says whether the view used the key, and then nobody else does.
 * Keys typed into a field are the field's.
 */
export function takeKeys(signal: AbortSignal, take: (event: Key) => boolean): void {
  const heard = (event: KeyboardEvent): void => {
    const asked = event.defaultPrevented || isTyping(event.target) ? null : meant<Key>(event);
    if (!asked || !take(asked)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  listen(document, "keydown", heard, { signal, capture: true });
}

/** Tell whether a key goes into a field, or into a dialog that lies over the item. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable], dialog") !== null;
}
