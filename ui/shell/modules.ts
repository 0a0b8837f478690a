/** Views, loaded when first needed, each once; and their items' media, decoded ahead. */
import type { Item, Study } from "../core/types.ts";
import type { View, ViewItem } from "../views/contract.ts";

const BUILT_IN = ["text", "record", "image", "spans", "boxes", "particles", "candidate"];
const loading = new Map<string, Promise<View>>();
const loaded = new Map<string, View>();
const prepared = new Set<string>();

/** The address of an item's view: the study's own where it names one. */
export function viewUrl(item: Item, study: Study): string {
  if (study.view_url) return study.view_url;
  return `/static/views/${BUILT_IN.includes(item.view) ? item.view : "record"}.js`;
}

/** The view if it is here already. */
export const ready = (url: string): View | null => loaded.get(url) ?? null;

export function load(url: string): Promise<View> {
  const known = loading.get(url);
  if (known) return known;
  const fresh = (import(url) as Promise<View>).then((view) => {
    loaded.set(url, view);
    return view;
  });
  fresh.catch(() => loading.delete(url));
  loading.set(url, fresh);
  return fresh;
}

/** Items whose media are fetched at a time, once those of the first item are there: nobody waits for what comes later. */
const LANES = 3;
const jobs: (() => Promise<unknown>)[] = [];
let running = 0;
let lanes = 1;

/** Load an item's view and its media before the person gets there; what fails now is tried again on the screen. */
export function prepare(item: Item, study: Study): void {
  if (prepared.has(item.id)) return;
  prepared.add(item.id);
  const job = () => load(viewUrl(item, study)).then((view) => view.prepare?.(asViewItem(item)));
  jobs.push(() => job().catch(() => prepared.delete(item.id)));
  work();
}

function work(): void {
  while (running < lanes && jobs.length > 0) {
    running += 1;
    void jobs.shift()!().then(() => {
      running -= 1;
      lanes = LANES;
      work();
    });
  }
}

/** An item as a view is given it; class names that are numbers stay numbers. */
export const asViewItem = (item: Item): ViewItem => item as ViewItem;
