/** One table of what keys do. The help, the hints and the dispatch read it; nothing else names a key. */

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
  row("Look closer", "hide", "h", "H", "Hide suggestions", "decide without seeing what the model says"),
  row("Look closer", "help", "?", "?", "All keys", "show this list"),
  row("Look closer", "close", "escape", "Esc", "Close", "close a panel"),
];

/** What of a key press matters here; a `KeyboardEvent` is one. */
export interface Press {
  key: string;
  code: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
}

export interface Command {
  action: Action;
  /** The number of the class, from 1; for `answer` only. */
  number?: number;
}

/** Find what a key press asks for; null when it is not ours. Held-down keys ask for nothing: one press, one answer. */
export function command(press: Press): Command | null {
  if (press.altKey || press.repeat) return null;
  if (press.ctrlKey || press.metaKey) return platformUndo(press);
  const number = digit(press);
  if (number) return { action: "answer", number };
  const key = latin(press);
  const binding = bindings.find((one) => one.key === key && (one.shift ?? false) === (press.shiftKey && key !== "?"));
  return binding ? { action: binding.action } : null;
}

/** Ctrl+Z and Cmd+Z mean undo everywhere else: here too. */
function platformUndo(press: Press): Command | null {
  if (latin(press) !== "z") return null;
  return { action: press.shiftKey ? "redo" : "undo" };
}

/** The digit of a press; by its place on keyboards whose digits need Shift. */
export function digit(press: Press): number | null {
  if (/^[1-9]$/.test(press.key)) return Number(press.key);
  const placed = /^(?:Digit|Numpad)([1-9])$/.exec(press.code);
  return placed && !press.shiftKey && !isOurs(press.key) ? Number(placed[1]) : null;
}

/** The letter of a press; by its place on keyboards without Latin letters. */
export function latin(press: Press): string {
  const letter = /^Key([A-Z])$/.exec(press.code);
  const foreign = press.key.length === 1 && press.key.charCodeAt(0) > 127;
  return (letter && foreign ? letter[1]! : press.key).toLowerCase();
}

const isOurs = (key: string): boolean => bindings.some((one) => one.key === key.toLowerCase());

export function binding(action: Action): Binding {
  return bindings.find((one) => one.action === action)!;
}
