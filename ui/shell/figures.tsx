/** The dashboard: figures of the model from audit items alone, and of the people. The library computes all of them. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { count, percent } from "../core/format.ts";
import type { components } from "../types.ts";
import { Agreement } from "./agreement.tsx";
import { get } from "./api.ts";
import { Confusion } from "./confusion.tsx";
import { Pace } from "./pace.tsx";
import { Reliability } from "./reliability.tsx";

export type Figures = components["schemas"]["DashboardInfo"];
type ClassFigures = components["schemas"]["ClassFigures"];
type Figure = components["schemas"]["Figure"];

export const figures = signal<Figures | null>(null);
let reading = false;
let late = false;

/** Read the figures when something is new; one request at a time. */
export function useFigures(news: readonly unknown[]): void {
  useEffect(() => void read(), news as unknown[]);
}

async function read(): Promise<void> {
  late = reading;
  if (reading) return;
  reading = true;
  // What cannot be read stays as it was: the status beside it says that the server is away.
  figures.value = await get<Figures>("/api/dashboard").catch(() => figures.value);
  reading = false;
  if (late) void read();
}

export function OfTheModel() {
  const known = figures.value;
  if (!known) return null;
  return (
    <>
      <section class="panel wide" aria-labelledby="classes-title">
        <h2 id="classes-title">How good the model is at each class</h2>
        {known.why ? <p class="quiet">Not enough yet: {known.why}.</p> : <ByClass rows={known.by_class} />}
      </section>
      <div class="pair">
        <section class="panel" aria-labelledby="confusion-title">
          <h2 id="confusion-title">What it takes for what</h2>
          <Confusion found={known.confusion} classes={known.classes} />
        </section>
        <section class="panel" aria-labelledby="reliability-title">
          <h2 id="reliability-title">Whether it is as sure as it is right</h2>
          <Reliability found={known.reliability} />
        </section>
      </div>
    </>
  );
}

export function OfThePeople() {
  const known = figures.value;
  if (!known) return null;
  return (
    <div class="pair">
      <section class="panel" aria-labelledby="pace-title">
        <h2 id="pace-title">How fast labels come</h2>
        <Pace pace={known.pace} />
      </section>
      <section class="panel" aria-labelledby="agreement-title">
        <h2 id="agreement-title">How far people agree</h2>
        <Agreement found={known.agreement} />
      </section>
    </div>
  );
}

function ByClass({ rows }: { rows: readonly ClassFigures[] }) {
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Figures by class">
        <table class="table figures">
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col">Precision</th>
              <th scope="col">Recall</th>
              <th scope="col">F1</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.label}>
                <th scope="row" dir="auto">
                  {row.label}
                </th>
                <Cell of={row.precision} />
                <Cell of={row.recall} />
                <Cell of={row.f1} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet small">
        From audit items alone, with exact 95 % intervals that hold however often you look. Precision: of what is called so, how much is. Recall: of
        what is so, how much is called so.
      </p>
    </>
  );
}

function Cell({ of }: { of: Figure }) {
  if (of.value === null) {
    return (
      <td class="quiet" title={of.sentence}>
        not enough yet <span class="small">n {count(of.n)}</span>
      </td>
    );
  }
  return (
    <td title={of.sentence}>
      <strong>{percent(of.value)}</strong> <span class="quiet small">{`${percent(of.low)} – ${percent(of.high)}, n ${count(of.n)}`}</span>
      <span class="interval" aria-hidden="true">
        <span class="interval-band" style={{ left: `${100 * of.low}%`, width: `${100 * (of.high - of.low)}%` }} />
        <span class="interval-point" style={{ left: `${100 * of.value}%` }} />
      </span>
    </td>
  );
}
