/** What was left out, and why: the same reasons together, so that ten thousand rows are still a short list. */
import { count, counted } from "../core/format.ts";
import type { components } from "../types.ts";

type Skipped = components["schemas"]["Skipped"];

const EXAMPLES = 3;

export function SkippedList({ skipped }: { skipped: readonly Skipped[] }) {
  if (skipped.length === 0) return null;
  const reasons = [...new Set(skipped.map(({ why }) => why))];
  return (
    <div class="skipped">
      <p>{counted(skipped.length, "thing was", "things were")} left out:</p>
      <ul>
        {reasons.map((why) => (
          <li key={why}>
            {why} <span class="quiet">{places(skipped.filter((one) => one.why === why))}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function places(of: readonly Skipped[]): string {
  const named = of.slice(0, EXAMPLES).map(({ where }) => where);
  const rest = of.length - named.length;
  return `(${named.join(", ")}${rest > 0 ? ` and ${count(rest)} more` : ""})`;
}
