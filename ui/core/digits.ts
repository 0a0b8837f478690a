/** Which digit chooses which class. Pure. */

import type { Press } from "./press.ts";
import type { Name } from "./types.ts";

const FREE = [..."123456789"];

/**
 * Give each class its digit, "" where there is none left: a class that is called by a digit has that one, the others
 * have the number of their place, or the next that is free.
 */
export function digitsOf(names: readonly Name[]): string[] {
  const taken = new Set(names.map(String).filter((name) => /^\d$/.test(name)));
  const given = new Set(taken);
  return names.map((name, at) => {
    if (taken.has(String(name))) return String(name);
    const digit = [String(at + 1), ...FREE].find((one) => FREE.includes(one) && !given.has(one)) ?? "";
    given.add(digit);
    return digit;
  });
}

/** The digit of a press; by its place on keyboards whose digits need Shift. */
export function digit(press: Press): string | null {
  if (/^\d$/.test(press.key)) return press.key;
  const placed = /^(?:Digit|Numpad)(\d)$/.exec(press.code);
  return placed && !press.shiftKey && !OURS.includes(press.key) ? placed[1]! : null;
}

/** Signs of the shell that stand on digits of some keyboards. */
const OURS = ["/", "?"];

/** Find the class that a press chooses; null when it chooses none. */
export function classAt(names: readonly Name[], press: Press): number | null {
  const pressed = digit(press);
  const at = pressed === null ? -1 : digitsOf(names).indexOf(pressed);
  return at < 0 ? null : at;
}
