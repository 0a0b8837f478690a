/** The steps of a person inside one item, to go back and forth. Pure: each function gives new steps. */

export interface Steps<T> {
  readonly past: readonly T[];
  readonly now: T;
  readonly future: readonly T[];
  /** What kind of change came last: the same kind again joins it, so that a held-down arrow is one step. */
  readonly kind: string;
}

/** Steps that can be taken back: thousands of points are kept whole at each. */
const MOST = 300;

export const first = <T>(now: T): Steps<T> => ({ past: [], now, future: [], kind: "" });

/** Take a step; one of the same kind as the last (and not "") replaces what that one made. */
export function taken<T>(steps: Steps<T>, now: T, kind = ""): Steps<T> {
  const joins = kind !== "" && kind === steps.kind && steps.past.length > 0;
  return { past: joins ? steps.past : [...steps.past.slice(1 - MOST), steps.now], now, future: [], kind };
}

/** Take the last step back; the same steps where there is none. */
export function back<T>(steps: Steps<T>): Steps<T> {
  const last = steps.past.at(-1);
  if (last === undefined) return steps;
  return { past: steps.past.slice(0, -1), now: last, future: [...steps.future, steps.now], kind: "" };
}

/** Take again the step that was taken back last; the same steps where there is none. */
export function forth<T>(steps: Steps<T>): Steps<T> {
  const next = steps.future.at(-1);
  if (next === undefined) return steps;
  return { past: [...steps.past, steps.now], now: next, future: steps.future.slice(0, -1), kind: "" };
}
