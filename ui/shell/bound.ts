/** The keys that a person has changed, kept in this browser. */
import { signal } from "@preact/signals";
import type { Changes } from "../core/rebind.ts";
import { readChanges, rebind } from "../core/rebind.ts";

/** What is changed now; who shows a key reads it, to be shown anew when it changes. */
export const changedKeys = signal<Changes>({});

let place = "querist-keys";

/** Take up the keys of a person. */
export function openKeys(who: string): void {
  place = `querist-keys ${who}`;
  take(readChanges(localStorage.getItem(place)));
}

/** Change the keys, and keep them for the next visit. */
export function changeKeys(changes: Changes): void {
  take(changes);
  try {
    localStorage.setItem(place, JSON.stringify(changes));
  } catch {
    // A browser that keeps nothing: the keys hold as long as the page.
  }
}

function take(changes: Changes): void {
  rebind(changes);
  changedKeys.value = changes;
}
