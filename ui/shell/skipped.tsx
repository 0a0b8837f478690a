/** What was left out, and why: the same reasons together, so that ten thousand rows are still a short list. */
import { count, counted } from "../core/format.ts";
import type { components } from "../types.ts";

type Skipped = components["schemas"]["Skipped"];

const REASONS = 12;
const PLACES = 3;

export function SkippedList({ skipped }: { skipped: readonly Skipped[] }) {
  if (skipped.length === 0) return null;
  const reasons = [...byReason(skipped)];
  const rest = reasons.length - REASONS;
  return (
    <div class="skipped">
      <p>{counted(skipped.length, "place was", "places were")} left out:</p>
      <ul>
        {reasons.slice(0, REASONS).map(([why, where]) => (
          <li key={why}>
            {why} <span class="quiet">{places(where)}</span>
          </li>
        ))}
        {rest > 0 && <li class="quiet">and {counted(rest, "other reason")}</li>}
      </ul>
    </div>
  );
}

function byReason(skipped: readonly Skipped[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { where, why } of skipped) {
    const same = found.get(why);
    if (same) same.push(where);
    else found.set(why, [where]);
  }
  return found;
}

function places(where: readonly string[]): string {
  const rest = where.length - PLACES;
  return `(${where.slice(0, PLACES).join(", ")}${rest > 0 ? ` and ${count(rest)} more` : ""})`;
}
