/** How far people agree on the items that they share: alpha with its interval, and pair by pair. */
import { count, percent } from "../core/format.ts";
import type { components } from "../types.ts";

type Found = components["schemas"]["AgreementInfo"];

export function Agreement({ found }: { found: Found | null }) {
  if (!found) return <p class="quiet">Not enough yet: no item was labelled by two people. With an overlap above 1 several people are asked.</p>;
  const said = found.sentence.charAt(0).toUpperCase() + found.sentence.slice(1);
  if (found.share === null) return <p class="quiet">{said}.</p>;
  return (
    <>
      <p class="sentence">{said}.</p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Agreement of pairs">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Pair</th>
              <th scope="col">Agree</th>
              <th scope="col">Kappa</th>
              <th scope="col">Items</th>
            </tr>
          </thead>
          <tbody>
            {found.pairs.map((pair) => (
              <tr key={`${pair.who} ${pair.other}`}>
                <td dir="auto">
                  {pair.who || "somebody"} · {pair.other || "somebody"}
                </td>
                <td>
                  {percent(pair.share)} <span class="quiet small">{`${percent(pair.low)} – ${percent(pair.high)}`}</span>
                </td>
                <td>{pair.kappa === null ? "–" : pair.kappa.toFixed(2)}</td>
                <td>{count(pair.items)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet small">Alpha is 1 where people always agree, and 0 where they agree as often as by chance.</p>
    </>
  );
}
