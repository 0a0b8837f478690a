/** What this person answered, in order, to go back and forth across items. Pure: each function gives a new history. */
import type { Item, Kind, Label } from "./types.ts";

export interface Given {
  readonly kind: Exclude<Kind, "note">;
  readonly label?: Label;
}

export interface Entry {
  readonly id: string;
  /** Null for answers of an earlier visit, until the item is fetched. */
  readonly item: Item | null;
  readonly given: Given;
  /** The person's answer before this one; null when there was none. */
  readonly before: Given | null;
}

export interface History {
  readonly done: readonly Entry[];
  readonly undone: readonly Entry[];
}

export const emptyHistory: History = { done: [], undone: [] };

/** A new answer; what was undone before it cannot be redone. */
export const pushed = (history: History, entry: Entry): History => ({ done: [...history.done, entry], undone: [] });

/** The last answer moved to the undone ones, and itself; null when there is none. */
export function undone(history: History): { history: History; entry: Entry } | null {
  const entry = history.done.at(-1);
  return entry ? { history: { done: history.done.slice(0, -1), undone: [...history.undone, entry] }, entry } : null;
}

/** The answer undone last given again, and itself; null when there is none. */
export function redone(history: History): { history: History; entry: Entry } | null {
  const entry = history.undone.at(-1);
  return entry ? { history: { done: [...history.done, entry], undone: history.undone.slice(0, -1) }, entry } : null;
}

/** What to say to the server so that an answer is as if never given. */
export const reversed = (entry: Entry): Given => entry.before ?? { kind: "retract" };

/** The entries of an earlier visit, oldest first, before those of this one. */
export const recalled = (history: History, earlier: readonly Entry[]): History => ({
  ...history,
  done: [...earlier, ...history.done],
});
