/**
 * Keys as a person wants them. Everything else knows the keys as they are by themselves: a press is translated before
 * anybody hears it, and a key cap before anybody sees it.
 */

import type { Press } from "./press.ts";
import { capOf, chordOf } from "./press.ts";

/** The chord as it is by itself → the one chosen in its place. */
export type Changes = Readonly<Record<string, string>>;

let changes: Changes = {};

/** Take on what a person has chosen. */
export const rebind = (chosen: Changes): void => void (changes = chosen);

/** Give the chord that now does what `chord` does by itself. */
export const bound = (chord: string): string => changes[chord] ?? chord;

/** Give the key cap of what `chord` does by itself, as it is now. */
export const capNow = (chord: string): string => capOf(bound(chord));

/** Give the press as it would be with the keys as they are by themselves; null when its key has been given away. */
export function meant<P extends Press>(press: P): P | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return press;
  const pressed = chordOf(press);
  const found = Object.keys(changes).find((chord) => changes[chord] === pressed);
  if (found === undefined) return pressed in changes ? null : press;
  const [key = "", shift] = found.split(" ").reverse();
  return { ...pressOf(press), key: named[key] ?? key, code: "", shiftKey: shift !== undefined } as P;
}

const named: Readonly<Record<string, string>> = { enter: "Enter", escape: "Escape" };

/** A `KeyboardEvent` keeps what it knows in its prototype: spreading it would lose all. */
const pressOf = (press: Press & { target?: unknown }): Press & { target?: unknown } => ({
  key: press.key,
  code: press.code,
  shiftKey: press.shiftKey,
  ctrlKey: press.ctrlKey,
  metaKey: press.metaKey,
  altKey: press.altKey,
  repeat: press.repeat,
  target: press.target,
});

/** Read a key cap that stands for one chord that can be changed; null for "drag", "Tab" or several keys. */
export function chordOfCap(cap: string): string | null {
  const found = /^(Shift \+ )?(\S)$/u.exec(cap);
  if (!found) return null;
  const key = found[2]!.toLowerCase().replace("−", "-");
  return found[1] ? `shift ${key}` : key;
}

/** Something that a key does: its chord by itself, and its name. */
export interface Deed {
  readonly chord: string;
  readonly name: string;
}

/** What the built-in views answer to, so that no key is chosen twice; a test holds it to the views' own lists. */
export const OF_VIEWS = [..."+-=0ldmnqrijkexvoy,.", "shift v"];

/** Choose a key: the changes with it, or one sentence why it cannot be. */
export function chosen(deed: Deed, chord: string, deeds: readonly Deed[]): Changes | string {
  if (!/^(shift [a-z]|[^\s\d])$/.test(chord)) return `${capOf(chord)} cannot be chosen: take a letter or a sign.`;
  const holder = deeds.find((one) => one.chord !== deed.chord && bound(one.chord) === chord);
  if (holder) return `${capOf(chord)} is “${holder.name}”: take another key, or change that one first.`;
  if (OF_VIEWS.some((one) => one !== deed.chord && bound(one) === chord)) {
    return `${capOf(chord)} does something in a view of images or texts: take another key.`;
  }
  const { [deed.chord]: _, ...rest } = changes;
  return chord === deed.chord ? rest : { ...rest, [deed.chord]: chord };
}

/** Read what was kept; of something else nothing is taken. */
export function readChanges(kept: string | null): Changes {
  try {
    const read: unknown = JSON.parse(kept ?? "{}");
    if (typeof read !== "object" || read === null || Array.isArray(read)) return {};
    return Object.fromEntries(Object.entries(read).filter(([, chord]) => typeof chord === "string"));
  } catch {
    return {};
  }
}
