/** Why this item: the strategy's score in its parts, the model's probabilities, the nearest labelled items. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { confidence, labelText } from "../core/format.ts";
import type { Item, Why } from "../core/types.ts";
import { get } from "./api.ts";
import { Aside } from "./aside.tsx";

const told = signal<{ id: string; why: Why } | null>(null);
const failed = signal("");

export function WhyPanel({ item }: { item: Item }) {
  useEffect(() => void ask(item.id), [item.id]);
  const why = told.value?.id === item.id ? told.value.why : null;
  return (
    <Aside title="Why this item">
      <p class="sentence">{why?.reason || item.why}</p>
      {failed.value && <p class="line-error">{failed.value}</p>}
      {why && <Details why={why} images={item.view === "image"} />}
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

function Details({ why, images }: { why: Why; images: boolean }) {
  return (
    <>
      {why.audit && <p class="quiet">An audit item: picked at random, to measure honestly. The model's doubt played no part.</p>}
      <Facts why={why} />
      {why.probs && why.probs.length > 0 && <Probabilities probs={why.probs} />}
      {why.cluster && why.cluster.count > 0 && <Cluster cluster={why.cluster} images={images} />}
      {why.neighbours.length > 0 && <Neighbours neighbours={why.neighbours} images={images} />}
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
              <span class="certainty" aria-hidden="true">
                <span class="certainty-fill" style={{ width: `${100 * p}%` }} />
              </span>
              <span>{confidence(p)}</span>
            </li>
          ))}
      </ul>
    </>
  );
}

function Neighbours({ neighbours, images }: { neighbours: Why["neighbours"]; images: boolean }) {
  return (
    <>
      <h2>Nearest labelled items</h2>
      <ul class="neighbours">
        {neighbours.map((one) => (
          <li key={one.id}>
            <strong>{labelText(one.label)}</strong> <span class="quiet small">distance {number(one.distance)}</span>
            {images ? <Picture id={one.id} /> : <span class="preview-text">{one.preview || one.id}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Cluster({ cluster, images }: { cluster: NonNullable<Why["cluster"]>; images: boolean }) {
  return (
    <>
      <h2>Stands for about {cluster.count} unlabelled items</h2>
      <ul class="neighbours">
        {cluster.examples.map((one) => (
          <li key={one.id}>
            {images ? <Picture id={one.id} /> : <span class="preview-text">{one.preview || one.id}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

const Picture = ({ id }: { id: string }) => (
  <img class="preview" src={`/api/media/${encodeURIComponent(id)}?width=192`} alt={id} loading="lazy" />
);

function number(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return value.toFixed(0);
  return Math.abs(value) < 0.001 ? value.toExponential(1) : value.toPrecision(3);
}
