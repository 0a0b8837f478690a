/** Which panel is open beside the item: one at most. */
import { signal } from "@preact/signals";

export type Panel = "why" | "guidelines" | "help" | "comment" | "find";

export const panel = signal<Panel | null>(null);

export const toggle = (name: Panel): void => void (panel.value = panel.value === name ? null : name);

export const closePanel = (): void => void (panel.value = null);
