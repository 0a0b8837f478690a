/** Numbers and labels as people read them. */
import type { Label, Name } from "./types.ts";
import { isPart, isPicks } from "./types.ts";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (value: number): string => whole.format(value);

export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** A share of 1 as a percentage with `digits` decimals. */
export const percent = (share: number, digits = 0): string => `${(100 * share).toFixed(digits)} %`;

/** A confidence: two decimals, and never a false certainty. */
export function confidence(value: number): string {
  if (value > 0.995 && value < 1) return "> 0.99";
  if (value < 0.005 && value > 0) return "< 0.01";
  return value.toFixed(2);
}

const steps: readonly [seconds: number, unit: string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** A length of time in its largest whole unit: "40 s", "3 min", "2 h", "5 d". */
export function duration(seconds: number): string {
  const step = steps.find(([size]) => seconds >= size);
  return step ? `${Math.floor(seconds / step[0])} ${step[1]}` : "0 s";
}

export const ago = (seconds: number): string => (seconds < 1 ? "just now" : `${duration(seconds)} ago`);

export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = size < 1 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), units.length - 1);
  const scaled = size / 1000 ** power;
  return `${scaled.toFixed(power && scaled < 10 ? 1 : 0)} ${units[power]}`;
}

/** A label in a few words. */
export function labelText(label: Label | null | undefined): string {
  if (label === null || label === undefined) return "";
  if (isPicks(label)) return label.points.length ? counted(label.points.length, "particle") : "none";
  if (isPart(label)) return `${namedText(label.spans) || "none"} in the part asked`;
  if (!Array.isArray(label)) return String(label);
  if (label.length === 0) return "none";
  return typeof label[0] === "object" ? namedText(label as { label: Name }[]) : (label as Name[]).join(", ");
}

/** Spans or boxes: how many of each class. */
function namedText(marks: readonly { label: Name }[]): string {
  const counts = new Map<Name, number>();
  for (const mark of marks) counts.set(mark.label, (counts.get(mark.label) ?? 0) + 1);
  return [...counts].map(([name, n]) => (n > 1 ? `${n} × ${name}` : String(name))).join(", ");
}
