/** Building elements without markup: whatever an item holds becomes text, never HTML. */

type Child = Node | string;

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
export function takeKeys(signal: AbortSignal, take: (event: KeyboardEvent) => boolean): void {
  const heard = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || isTyping(event.target) || !take(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  listen(document, "keydown", heard, { signal, capture: true });
}

/** Tell whether a key goes into a field, or into a dialog that lies over the item. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable], dialog") !== null;
}
