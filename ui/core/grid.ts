/** Which tiles of a grid are chosen, and where the keys are. Pure: each function gives a new state. */

export interface Picked {
  /** Where the keys are; −1 in an empty grid. */
  readonly at: number;
  /** Where a range begins. */
  readonly from: number;
  readonly chosen: ReadonlySet<string>;
}

export const nothingPicked: Picked = { at: 0, from: 0, chosen: new Set() };

/** Go to a tile; with `extend` choose all from where the range began. */
export function moved(picked: Picked, to: number, ids: readonly string[], extend: boolean): Picked {
  const at = Math.max(0, Math.min(ids.length - 1, to));
  if (!extend) return { ...picked, at, from: at };
  const range = ids.slice(Math.min(picked.from, at), Math.max(picked.from, at) + 1);
  return { ...picked, at, chosen: new Set([...picked.chosen, ...range]) };
}

/** Switch one tile on or off; a range begins there. */
export function toggled(picked: Picked, at: number, ids: readonly string[]): Picked {
  const id = ids[at];
  if (id === undefined) return picked;
  const chosen = new Set(picked.chosen);
  if (!chosen.delete(id)) chosen.add(id);
  return { at, from: at, chosen };
}

export const all = (picked: Picked, ids: readonly string[]): Picked => ({ ...picked, chosen: new Set(ids) });

export const none = (picked: Picked): Picked => ({ ...picked, chosen: new Set() });

/** Keep of the choice what is still there. */
export function kept(picked: Picked, ids: readonly string[]): Picked {
  const there = new Set(ids);
  const at = Math.max(0, Math.min(picked.at, ids.length - 1));
  return { at, from: at, chosen: new Set([...picked.chosen].filter((id) => there.has(id))) };
}

const steps: Readonly<Record<string, (columns: number) => number>> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns) => -columns,
  ArrowDown: (columns) => columns,
};

/** Where a key leads from tile `at`; null when it is no key of direction. */
export function led(key: string, { at, columns, count }: { at: number; columns: number; count: number }): number | null {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const step = steps[key]?.(columns);
  if (step === undefined) return null;
  const to = at + step;
  return to < 0 || to >= count ? at : to;
}
