/** Why this item: the strategy's score in its parts, the model's probabilities, the nearest labelled items. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { confidence } from "../core/format.ts";
import type { Item, Name } from "../core/types.ts";
import { get } from "./api.ts";
import { Aside } from "./aside.tsx";

interface Why {
  reason: string;
  strategy: string;
  acquisition: number | null;
  parts: { name: string; value: number }[];
  probs: { label: Name; p: number }[] | null;
  neighbours: { id: string; label: Name; distance: number; preview: string }[];
  audit: boolean;
  round: number | null;
}

const told = signal<{ id: string; why: Why } | null>(null);
const failed = signal("");

export function WhyPanel({ item }: { item: Item }) {
  useEffect(() => void ask(item.id), [item.id]);
  const why = told.value?.id === item.id ? told.value.why : null;
  return (
    <Aside title="Why this item">
      <p class="sentence">{why?.reason || item.why}</p>
      {failed.value && <p class="line-error">{failed.value}</p>}
      {why && <Details why={why} />}
    </Aside>
  );
}

async function ask(id: string): Promise<void> {
  failed.value = "";
  try {
    told.value = { id, why: await get<Why>(`/api/why/${encodeURIComponent(id)}`) };
  } catch (error) {
    failed.value = error instanceof Error ? error.message : String(error);
  }
}

function Details({ why }: { why: Why }) {
  return (
    <>
      {why.audit && <p class="quiet">An audit item: picked at random, to measure honestly. The model's doubt played no part.</p>}
      <Facts why={why} />
      {why.probs && why.probs.length > 0 && <Probabilities probs={why.probs} />}
      {why.neighbours.length > 0 && <Neighbours neighbours={why.neighbours} />}
    </>
  );
}

function Facts({ why }: { why: Why }) {
  const rows: [string, string][] = [["strategy", why.strategy]];
  if (why.acquisition !== null) rows.push(["acquisition value", number(why.acquisition)]);
  for (const part of why.parts) rows.push([part.name, number(part.value)]);
  if (why.round !== null) rows.push(["ranked by", `model v${why.round}`]);
  return (
    <dl class="pairs">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Probabilities({ probs }: { probs: NonNullable<Why["probs"]> }) {
  return (
    <>
      <h2>What the model believes</h2>
      <ul class="beliefs">
        {[...probs]
          .sort((a, b) => b.p - a.p)
          .slice(0, 8)
          .map(({ label, p }) => (
            <li key={label}>
              <span class="belief-name">{label}</span>
              <span class="bar" aria-hidden="true">
                <span class="bar-fill" style={{ width: `${100 * p}%` }} />
              </span>
              <span>{confidence(p)}</span>
            </li>
          ))}
      </ul>
    </>
  );
}

function Neighbours({ neighbours }: { neighbours: Why["neighbours"] }) {
  return (
    <>
      <h2>Nearest labelled items</h2>
      <ul class="neighbours">
        {neighbours.map((one) => (
          <li key={one.id}>
            <strong>{one.label}</strong> <span class="quiet small">distance {number(one.distance)}</span>
            <Preview text={one.preview || one.id} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** A preview is a piece of text, or the address of one of the study's images. */
export function Preview({ text }: { text: string }) {
  if (text.startsWith("/api/media/")) return <img class="preview" src={text} alt="" loading="lazy" />;
  return <span class="preview-text">{text}</span>;
}

function number(value: number): string {
  if (value === 0 || Math.abs(value) >= 1000) return value.toFixed(0);
  return Math.abs(value) < 0.001 ? value.toExponential(1) : value.toPrecision(3);
}
