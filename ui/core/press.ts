/** What of a key press matters here, and how it is written: "s", "shift z", "enter". Pure. */

/** A `KeyboardEvent` is one. */
export interface Press {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly repeat: boolean;
}

/** The letter of a press; by its place on keyboards without Latin letters. */
export function latin(press: Press): string {
  const letter = /^Key([A-Z])$/.exec(press.code);
  const foreign = press.key.length === 1 && press.key.charCodeAt(0) > 127;
  return (letter && foreign ? letter[1]! : press.key).toLowerCase();
}

/** Write a press; of signs Shift is a part already. */
export function chordOf(press: Press): string {
  const key = latin(press);
  return press.shiftKey && /^[a-z]$/.test(key) ? `shift ${key}` : key;
}

/** Write a chord as on a key cap. */
export function capOf(chord: string): string {
  const [key = "", shift] = chord.split(" ").reverse();
  const names: Readonly<Record<string, string>> = { enter: "Enter", escape: "Esc", home: "Home", "-": "−", "1-9": "1–9" };
  return (shift ? "Shift " : "") + (names[key] ?? key.toUpperCase());
}
