/** The map's data: places fetched once for each version, columns with every news, and what is chosen. */
import { batch, computed, signal } from "@preact/signals";
import { columnsOf } from "../core/cloud.ts";
import type { Columns, Places } from "../core/cloud.ts";
import { narrowed } from "../core/picked.ts";
import type { ColourBy, Filter } from "../core/picked.ts";
import type { components } from "../types.ts";
import { ApiError, get, post } from "./api.ts";

type Wire = components["schemas"];
export type MapInfo = Wire["MapInfo"];
export type MapItem = Wire["MapItem"];

export const info = signal<MapInfo | null>(null);
export const places = signal<Places>(new Float32Array());
export const columns = signal<Columns | null>(null);
export const colourBy = signal<ColourBy>("label");
export const filter = signal<Filter>("all");
/** The rows inside the last outline, in order. */
export const selection = signal<readonly number[]>([]);
export const failure = signal("");
/** What was done last, for everyone to see and for screen readers. */
export const said = signal("");
/** For screen readers alone: what everyone else sees. */
export const heard = signal("");

export const picked = computed(() => (columns.value ? narrowed(columns.value, selection.value, filter.value) : []));
export const pickedSet = computed<ReadonlySet<number>>(() => new Set(selection.value.length ? picked.value : []));
export const lastRound = computed(() => columns.value?.round.reduce((most, one) => Math.max(most, one), 0) ?? 0);

let version = "";
let busy = false;
let late = false;

/** Ask for a map, and read what is there; one at a time, and again when asked meanwhile. */
export async function read(): Promise<void> {
  late = busy;
  if (busy) return;
  busy = true;
  try {
    await readAll();
    failure.value = "";
  } catch (error) {
    failure.value = error instanceof Error ? error.message : String(error);
  } finally {
    busy = false;
    if (late) void read();
  }
}

async function readAll(): Promise<void> {
  let found = await get<MapInfo>("/api/map");
  if (found.state === "none" || (found.state === "failed" && !asked)) found = await draw();
  if (found.version && found.version !== version) await readPlaces();
  if (found.version) await readColumns();
  info.value = found;
}

let asked = false;

async function draw(): Promise<MapInfo> {
  asked = true;
  return post<MapInfo>("/api/map");
}

/** Let the map be drawn anew now. */
export async function redraw(): Promise<void> {
  try {
    info.value = await draw();
  } catch (error) {
    failure.value = error instanceof Error ? error.message : String(error);
  }
}

async function readPlaces(): Promise<void> {
  const reply = await bytes("/api/map/places");
  const fresh = new Float32Array(await reply.arrayBuffer());
  batch(() => {
    if (fresh.length !== places.value.length) selection.value = [];
    columns.value = null;
    places.value = fresh;
  });
  version = reply.headers.get("X-Querist-Version") ?? "";
}

async function readColumns(): Promise<void> {
  const fresh = columnsOf(await (await bytes("/api/map/columns")).arrayBuffer());
  // A map drawn between the two requests has other rows: the next look brings both.
  if (fresh.label.length === places.value.length / 2) columns.value = fresh;
  else version = "";
}

async function bytes(path: string): Promise<Response> {
  const reply = await fetch(path, { credentials: "same-origin" }).catch(() => null);
  if (!reply) throw new ApiError("The server does not answer.", 0);
  if (!reply.ok) throw new ApiError(`The map cannot be read: the server answered ${reply.status}.`, reply.status);
  return reply;
}

/** Choose rows: in place of those before, or besides them. */
export function choose(rows: readonly number[], more = false): void {
  batch(() => {
    const all = more ? [...new Set([...selection.value, ...rows])].sort((a, b) => a - b) : rows;
    selection.value = all;
    filter.value = "all";
  });
  heard.value = selection.value.length ? `${selection.value.length.toLocaleString("en")} chosen.` : "Nothing is chosen.";
}

const AT_ONCE = 500;

/** What rows are, in the same order. */
export async function itemsOf(rows: readonly number[]): Promise<MapItem[]> {
  const found: MapItem[] = [];
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    found.push(...(await post<{ items: MapItem[] }>("/api/map/items", { rows: rows.slice(at, at + AT_ONCE) })).items);
  }
  return found;
}

/** Find rows by their id or text. */
export async function search(words: string): Promise<void> {
  try {
    const found = await get<Wire["MapFound"]>(`/api/map/search?q=${encodeURIComponent(words)}`);
    choose(found.rows.filter((row) => row < places.value.length / 2));
    const more = found.total > found.rows.length ? ` of ${found.total.toLocaleString("en")}` : "";
    said.value = `${found.rows.length.toLocaleString("en")}${more} with “${words}”.`;
  } catch (error) {
    failure.value = error instanceof Error ? error.message : String(error);
  }
}
