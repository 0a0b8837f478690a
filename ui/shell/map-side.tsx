/** Beside the map: what the colours mean, what is chosen and its labels, and the same items as a table. */
import { effect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { digitsOf } from "../core/digits.ts";
import { count, counted as countOf, labelText, percent } from "../core/format.ts";
import { UNKNOWN } from "../core/cloud.ts";
import { counted, paintPlaces, stateOf, valueOf } from "../core/picked.ts";
import type { ColourBy, Filter } from "../core/picked.ts";
import type { Name, Schema } from "../core/types.ts";
import { chosen } from "./chosen.ts";
import { choose, colourBy, columns, filter, itemsOf, lastRound, picked, selection } from "./map-data.ts";
import type { MapItem } from "./map-data.ts";
import { done, labelAll, undo, working } from "./map-label.ts";
import { palette } from "./map-palette.ts";
import { camera, inView, opened } from "./map-view.tsx";

export function Legend({ labels }: { labels: readonly Name[] }) {
  const known = columns.value;
  if (!known || !palette.value) return null;
  const by = colourBy.value;
  if (by === "uncertainty" || by === "round") return <Ramp by={by} />;
  const values = by === "label" ? known.label : known.predicted;
  const dealt = paintPlaces(known, by, labels.length, palette.value.classes.length);
  const tally = new Array<number>(labels.length + 1).fill(0);
  for (const value of values) tally[value < 0 ? labels.length : value]! += 1;
  return (
    <ul class="map-legend" aria-label="Colours; each chooses its items">
      {labels.map((name, at) => (
        <Entry key={name} name={String(name)} hue={dealt[at]! >= 0 ? `hue-${dealt[at]! + 1}` : "hue-8"} n={tally[at]!} value={at} />
      ))}
      <Entry name={by === "label" ? "no label" : "nothing told"} hue="none" n={tally[labels.length]!} value={-1} />
    </ul>
  );
}

function Entry({ name, hue, n, value }: { name: string; hue: string; n: number; value: number }) {
  return (
    <li>
      <button class="map-entry" onClick={() => choose(rowsOf(value))} title={`choose ${name}`}>
        <span class={`map-dot ${hue}`} aria-hidden="true" />
        <span class="bar-name" dir="auto">
          {name}
        </span>
        <span class="quiet">{count(n)}</span>
      </button>
    </li>
  );
}

function rowsOf(value: number): number[] {
  const known = columns.value!;
  const rows: number[] = [];
  for (let row = 0; row < known.label.length; row += 1) {
    if (Math.max(-1, valueOf(known, colourBy.value, row, lastRound.value)) === value) rows.push(row);
  }
  return rows;
}

function Ramp({ by }: { by: ColourBy }) {
  const [low, high] = by === "uncertainty" ? ["sure", "unsure"] : ["first round", `round ${lastRound.value}`];
  return (
    <div class="map-ramp">
      <span>{low}</span>
      <span class="map-ramp-bar" aria-hidden="true" />
      <span>{high}</span>
      <span class="map-dot none" aria-hidden="true" />
      <span class="quiet">{by === "uncertainty" ? "not told" : "no label"}</span>
    </div>
  );
}

export function Selection({ schema }: { schema: Schema }) {
  const known = columns.value;
  if (!known) return null;
  const { open, labelled, audit } = counted(known, picked.value);
  const left = [labelled && `${count(labelled)} labelled`, audit && `${count(audit)} of the audit`].filter(Boolean);
  return (
    <section class="map-chosen" aria-labelledby="map-chosen-title">
      <div class="heading">
        <h2 id="map-chosen-title">{selection.value.length ? `${countOf(picked.value.length, "item")} chosen` : "Nothing chosen"}</h2>
        {selection.value.length > 0 && (
          <button class="link-button" onClick={() => choose([])}>
            clear
          </button>
        )}
      </div>
      {selection.value.length === 0 ? (
        <p class="quiet small">Draw around items with the lasso or the rectangle, search, or click a colour above.</p>
      ) : (
        <>
          <Filters labels={schema.labels} />
          <p class="small">
            {count(open)} can be labelled{left.length > 0 && <span class="quiet">; left out: {left.join(", ")}</span>}
            {audit > 0 && <span class="quiet"> (audit items are answered one by one, when they are asked)</span>}
          </p>
          {schema.type === "classification" ? <LabelAs labels={schema.labels} open={open} /> : <p class="quiet small">Many at once can be labelled where each item has one class.</p>}
        </>
      )}
      <div class="map-after">
        {done.value.length > 0 && (
          <button class="button" disabled={working.value} onClick={() => void undo()}>
            <kbd class="kbd">Z</kbd> undo: {countOf(done.value.at(-1)!.items.length, "item")} as {String(done.value.at(-1)!.name)}
          </button>
        )}
        {picked.value.length > 0 && selection.value.length > 0 && (
          <button class="link-button" onClick={() => void toGrid()}>
            open in the grid
          </button>
        )}
      </div>
    </section>
  );
}

const MOST_IN_GRID = 500;

async function toGrid(): Promise<void> {
  chosen.value = (await itemsOf(picked.value.slice(0, MOST_IN_GRID))).map((item) => item.id);
  location.hash = "#/grid";
}

function Filters({ labels }: { labels: readonly Name[] }) {
  const change = (value: string) => (filter.value = value === "all" || value === "open" ? value : (Number(value) as Filter));
  return (
    <label class="map-filter">
      <span class="quiet">of these</span>
      <select class="field" value={String(filter.value)} onChange={(event) => change(event.currentTarget.value)}>
        <option value="all">all</option>
        <option value="open">those without a label</option>
        {labels.map((name, at) => (
          <option key={name} value={at}>
            the model says {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function LabelAs({ labels, open }: { labels: readonly Name[]; open: number }) {
  const digits = digitsOf(labels);
  return (
    <div class="map-as" role="group" aria-label="Label all that can be as">
      <span class="quiet small">label all as</span>
      {labels.map((name, at) => (
        <button
          key={name}
          class={`choice hue-${(at % 8) + 1}`}
          disabled={open === 0 || working.value}
          aria-keyshortcuts={digits[at] || undefined}
          onClick={() => void labelAll(picked.value, name)}
        >
          {digits[at] && (
            <kbd class="kbd" aria-hidden="true">
              {digits[at]}
            </kbd>
          )}
          <span class="choice-name">{name}</span>
        </button>
      ))}
    </div>
  );
}

const SHOWN = 50;
const REST = 200;

/** The same items as a table: what is chosen, or else what is on the screen. */
export function Listing() {
  const [items, show] = useState<readonly MapItem[]>([]);
  const [pages, more] = useState(1);
  const chosenNow = selection.value.length > 0;
  useEffect(() => afterRest(pages, show), [pages]);
  const total = chosenNow ? picked.value.length : items.length;
  return (
    <section class="map-list" aria-label={chosenNow ? "Items chosen" : "Items on the screen"}>
      <h2>{chosenNow ? "Chosen items" : "On the screen, the least sure first"}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of items">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Item</th>
              <th scope="col">Label</th>
              <th scope="col">Model</th>
              <th scope="col">Unsure</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <Line key={item.row} item={item} />
            ))}
          </tbody>
        </table>
      </div>
      {(chosenNow ? total > items.length : items.length === SHOWN * pages) && (
        <button class="link-button" onClick={() => more(pages + 1)}>
          more
        </button>
      )}
    </section>
  );
}

/** List anew when the choice, the colours or the map have rested for a moment; a moving map renders nothing here. */
function afterRest(pages: number, show: (items: readonly MapItem[]) => void): () => void {
  let wait: ReturnType<typeof setTimeout> | undefined;
  const fill = async () => {
    const rows = (selection.value.length > 0 ? picked.value : leastSure(inView())).slice(0, SHOWN * pages);
    show(await itemsOf(rows).catch(() => []));
  };
  const stop = effect(() => {
    void [picked.value, camera.value, columns.value, selection.value];
    clearTimeout(wait);
    wait = setTimeout(() => void fill(), REST);
  });
  return () => (stop(), clearTimeout(wait));
}

/** The rows that the model is least sure of first; those of which it tells nothing last. */
function leastSure(rows: readonly number[]): readonly number[] {
  const unsure = columns.peek()?.unsure ?? new Uint8Array();
  const told = (row: number) => (unsure[row] === UNKNOWN ? -1 : unsure[row]!);
  return [...rows].sort((a, b) => told(b) - told(a) || a - b);
}

function Line({ item }: { item: MapItem }) {
  return (
    <tr class={item.row === opened.value ? "current" : undefined}>
      <td>
        <button class="link-button map-open" dir="auto" title={item.id} onClick={() => (opened.value = item.row)}>
          {item.preview || item.id}
        </button>
      </td>
      <td>{labelText(item.label) || <span class="quiet">{stateOf(columns.value!, item.row) || "–"}</span>}</td>
      <td>{item.predicted ?? <span class="quiet">–</span>}</td>
      <td>{item.uncertainty === null ? <span class="quiet">–</span> : percent(item.uncertainty)}</td>
    </tr>
  );
}
