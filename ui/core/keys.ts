/** One table of what keys do. The help, the hints and the dispatch read it; nothing else names a key. */

import { digit } from "./digits.ts";
import type { Press } from "./press.ts";
import { latin } from "./press.ts";
import { capNow, meant } from "./rebind.ts";

export type Action =
  | "answer"
  | "accept"
  | "adopt"
  | "skip"
  | "unsure"
  | "undo"
  | "redo"
  | "flag"
  | "comment"
  | "why"
  | "guidelines"
  | "find"
  | "grid"
  | "hide"
  | "help"
  | "close";

export type Group = "Answer" | "Go back" | "Look closer";

export interface Binding {
  action: Action;
  /** As `KeyboardEvent.key`, lower case. */
  key: string;
  shift?: boolean;
  /** As shown on a key cap. */
  cap: string;
  name: string;
  hint: string;
  group: Group;
}

const row = (group: Group, action: Action, key: string, cap: string, name: string, hint: string): Binding => ({
  action, key, cap, name, hint, group,
});

export const bindings: readonly Binding[] = [
  row("Answer", "answer", "1-9", "1–9", "Answer", "choose the class with this number; with several classes, switch it on or off"),
  row("Answer", "accept", "enter", "Enter", "Accept", "take what the model says, or submit what is chosen"),
  row("Answer", "adopt", "a", "A", "Adjust", "start from what the model says, then change it"),
  row("Answer", "skip", "s", "S", "Skip", "leave it for later or for somebody else"),
  row("Answer", "unsure", "u", "U", "Unsure", "say that you looked and cannot tell"),
  row("Answer", "find", "/", "/", "Find a class", "type a few letters of its name"),
  row("Go back", "undo", "z", "Z", "Undo", "take back the last answer, item after item"),
  { ...row("Go back", "redo", "z", "Shift Z", "Redo", "give it again"), shift: true },
  row("Look closer", "flag", "f", "F", "Flag", "mark the item for a second look"),
  row("Look closer", "comment", "c", "C", "Comment", "write a note beside the item"),
  row("Look closer", "why", "w", "W", "Why", "see why this item was picked"),
  row("Look closer", "guidelines", "g", "G", "Guidelines", "read how to decide"),
  row("Look closer", "grid", "b", "B", "Grid", "see similar items side by side, to label many at once"),
  row("Look closer", "hide", "h", "H", "Hide suggestions", "decide without seeing what the model says"),
  row("Look closer", "help", "?", "?", "All keys", "show this list"),
  row("Look closer", "close", "escape", "Esc", "Close", "close a panel"),
];

export interface Command {
  action: Action;
  /** The digit that was pressed; for `answer` only. */
  digit?: string;
}

/** Find what a key press asks for; null when it is not ours. Held-down keys ask for nothing: one press, one answer. */
export function command(press: Press): Command | null {
  if (press.altKey || press.repeat) return null;
  if (press.ctrlKey || press.metaKey) return platformUndo(press);
  const asked = meant(press);
  if (!asked) return null;
  const pressed = digit(asked);
  if (pressed) return { action: "answer", digit: pressed };
  const key = latin(asked);
  const found = bindings.find((one) => one.key === key && (one.shift ?? false) === (asked.shiftKey && key !== "?"));
  return found ? { action: found.action } : null;
}

/** Ctrl+Z and Cmd+Z mean undo everywhere else: here too, whatever key was chosen. */
function platformUndo(press: Press): Command | null {
  if (latin(press) !== "z") return null;
  return { action: press.shiftKey ? "redo" : "undo" };
}

/** Give the row of an action, with the key cap as a person has chosen it. */
export function binding(action: Action): Binding {
  const found = bindings.find((one) => one.action === action)!;
  return { ...found, cap: capNow(chord(found)) };
}

/** Write the key of a row as it is by itself. */
export const chord = ({ key, shift }: Binding): string => (shift ? `shift ${key}` : key);
