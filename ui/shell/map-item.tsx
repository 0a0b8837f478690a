/** One item of the map: a preview under the pointer, and the item itself when it is opened. */
import { useEffect, useRef, useState } from "preact/hooks";
import { labelText, percent } from "../core/format.ts";
import type { Item, Study } from "../core/types.ts";
import { get } from "./api.ts";
import { columns, itemsOf } from "./map-data.ts";
import type { MapItem } from "./map-data.ts";
import { labelAll, working } from "./map-label.ts";
import { hovered, opened, placeOf, size } from "./map-view.tsx";
import { asViewItem, load, viewUrl } from "./modules.ts";

const REST = 80;

/** What lies under the pointer, in a line or as a small picture. */
export function Preview({ image }: { image: boolean }) {
  const [item, show] = useState<MapItem | null>(null);
  const row = hovered.value;
  useEffect(() => {
    const wait = setTimeout(() => {
      if (row < 0) return show(null);
      itemsOf([row]).then(([found]) => hovered.value === row && show(found ?? null), () => show(null));
    }, REST);
    return () => clearTimeout(wait);
  }, [row]);
  const at = item && item.row === row ? placeOf(row) : null;
  if (!item || !at) return null;
  const right = at.x > size.value.width / 2;
  const [x, y] = [right ? size.value.width - at.x : at.x, at.y];
  return (
    <div class="map-preview" style={{ [right ? "right" : "left"]: `${x + 14}px`, top: `${Math.max(8, y - 20)}px` }}>
      {image && <img src={`/api/media/${encodeURIComponent(item.id)}?width=160`} alt="" width={140} />}
      <span dir="auto">{item.preview}</span>
      <span class="quiet small">{words(item)}</span>
    </div>
  );
}

function words(item: MapItem): string {
  const parts = [item.label !== null && `label ${labelText(item.label)}`, item.predicted !== null && `model says ${item.predicted}`];
  if (item.uncertainty !== null) parts.push(`${percent(item.uncertainty)} unsure`);
  if (item.audit) parts.push("of the audit");
  return parts.filter(Boolean).join(" · ");
}

/** The item that was clicked, as the labelling screen shows it. */
export function Opened({ study }: { study: Study }) {
  const row = opened.value;
  const [item, show] = useState<{ item: Item; of: MapItem } | null>(null);
  const [failed, fail] = useState("");
  useEffect(() => {
    if (row < 0) return show(null);
    read(row).then(
      (found) => opened.value === row && (show(found), fail("")),
      (error: unknown) => fail(error instanceof Error ? error.message : String(error)),
    );
  }, [row, columns.value]);
  if (row < 0) return null;
  return (
    <section class="map-opened" aria-label="Opened item">
      <div class="heading">
        <h2 dir="auto">{item?.of.id ?? "…"}</h2>
        <button class="link-button" onClick={() => (opened.value = -1)}>
          close
        </button>
      </div>
      {failed && <p class="line-error">{failed}</p>}
      {item && <Stage key={item.item.id} item={item.item} study={study} />}
      {item && <p class="small quiet">{words(item.of) || "no label yet"}</p>}
      {item && <One study={study} of={item.of} />}
    </section>
  );
}

async function read(row: number): Promise<{ item: Item; of: MapItem }> {
  const [of] = await itemsOf([row]);
  if (!of) throw new Error("This item is gone from the map: it is being drawn anew.");
  return { item: await get<Item>(`/api/items/${encodeURIComponent(of.id)}`), of };
}

function Stage({ item, study }: { item: Item; study: Study }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let mounted: { destroy(): void } | null = null;
    let gone = false;
    void load(viewUrl(item, study)).then((view) => {
      if (!gone && host.current)
        mounted = view.mount(host.current, { item: asViewItem({ ...item, suggestion: null }), label: null, schema: study.task, onChange: () => undefined });
    });
    return () => ((gone = true), mounted?.destroy());
  }, [item.id]);
  return <div class={`map-stage stage-${item.view}`} ref={host} role="region" aria-label="The item" tabIndex={0} />;
}

function One({ study, of }: { study: Study; of: MapItem }) {
  if (study.task.type !== "classification" || of.label !== null) return null;
  if (of.audit) return <p class="small quiet">An audit item: it is answered when it is asked, so that the figures stay honest.</p>;
  return (
    <div class="map-as" role="group" aria-label="Label this item as">
      {study.task.labels.map((name, at) => (
        <button key={name} class={`choice hue-${(at % 8) + 1}`} disabled={working.value} onClick={() => void labelAll([of.row], name)}>
          <span class="choice-name">{name}</span>
        </button>
      ))}
    </div>
  );
}
