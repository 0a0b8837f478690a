/** The confusion matrix of the audit items: a table of shades; of many classes the commonest confusions. */
import { count, counted } from "../core/format.ts";
import type { Name } from "../core/types.ts";
import type { components } from "../types.ts";

type Found = components["schemas"]["Confusion"];

const MOST_CLASSES = 12;
const MOST_LINES = 15;

export function Confusion({ found, classes }: { found: Found | null; classes: readonly Name[] }) {
  if (!found) return <p class="quiet">Not enough yet. It is drawn from audit items that the model has not seen.</p>;
  return (
    <>
      {classes.length > MOST_CLASSES ? <Lines found={found} classes={classes} /> : <Matrix found={found} classes={classes} />}
      <p class="quiet small">{counted(found.n, "audit item")}; those on the diagonal are right.</p>
    </>
  );
}

function Matrix({ found, classes }: { found: Found; classes: readonly Name[] }) {
  const cells = new Map(found.cells.map(([truth, said, n]) => [`${truth} ${said}`, n]));
  const sums = classes.map((_, truth) => classes.reduce((sum: number, __, said) => sum + (cells.get(`${truth} ${said}`) ?? 0), 0));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Confusion matrix">
      <table class="confusion">
        <thead>
          <tr>
            <th scope="col" class="quiet small">
              is ↓ model says →
            </th>
            {classes.map((name) => (
              <th key={name} scope="col" dir="auto" title={String(name)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map((name, truth) => (
            <tr key={name}>
              <th scope="row" dir="auto" title={String(name)}>
                {name}
              </th>
              {classes.map((other, said) => {
                const n = cells.get(`${truth} ${said}`) ?? 0;
                return <Shade key={other} n={n} share={n / Math.max(1, sums[truth]!)} right={truth === said} />;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Shade a cell by its share of the row; the right ones in the accent, the wrong ones in the second colour. */
function Shade({ n, share, right }: { n: number; share: number; right: boolean }) {
  return (
    <td class={right ? "right" : "wrong"}>
      {n > 0 && <span class="shade" style={{ opacity: 0.1 + 0.4 * share }} aria-hidden="true" />}
      <span class="shade-n">{n > 0 ? count(n) : <span class="quiet">0</span>}</span>
    </td>
  );
}

function Lines({ found, classes }: { found: Found; classes: readonly Name[] }) {
  const wrong = found.cells.filter(([truth, said]) => truth !== said).sort((a, b) => b[2] - a[2]);
  const right = found.cells.reduce((sum, [truth, said, n]) => sum + (truth === said ? n : 0), 0);
  return (
    <>
      <p>
        {count(right)} right. {wrong.length > 0 ? "Taken for another most often:" : ""}
      </p>
      <ul class="plain">
        {wrong.slice(0, MOST_LINES).map(([truth, said, n]) => (
          <li key={`${truth} ${said}`}>
            <strong>{count(n)}</strong> {classes[truth]} <span class="quiet">taken for</span> {classes[said]}
          </li>
        ))}
      </ul>
    </>
  );
}
