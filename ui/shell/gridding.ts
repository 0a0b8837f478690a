/** The grid as one person works with it: what it shows, what is chosen, what was given to many at once. */
import { batch, signal } from "@preact/signals";
import { counted, labelText } from "../core/format.ts";
import { kept, nothingPicked } from "../core/grid.ts";
import type { Picked } from "../core/grid.ts";
import type { Answer, Label, Session } from "../core/types.ts";
import type { components } from "../types.ts";
import { post } from "./api.ts";
import { chosen } from "./chosen.ts";
import { failure, openOutbox, said, sendFrom, waiting } from "./desk.ts";
import { wish } from "./grid-wish.ts";
import type { GridWish } from "./grid-wish.ts";

export type Shown = components["schemas"]["GridOfItems"];
export type Tile = components["schemas"]["Tile"];

interface Given {
  readonly tiles: readonly Tile[];
  readonly label: Label;
}

interface Kept {
  wish: GridWish | null;
  chosen: string[];
  done: Given[];
}

const PAGE = 60;
const MOST = 480;
const MOST_DONE = 10;
const EVERYTHING: GridWish = { by: "search", value: "", ids: [] };

export const shown = signal<Shown | null>(null);
export const picked = signal<Picked>(nothingPicked);
export const done = signal<readonly Given[]>([]);
export const size = signal(PAGE);

let place = "";
/** Given in this visit: a reply that was on its way does not show them as open. */
const closed = new Set<string>();
let asked = 0;

export async function begin(session: Session): Promise<void> {
  const owner = `querist-grid ${session.study!.name} ${session.who}`;
  if (place !== owner) {
    place = owner;
    recall();
  }
  if (chosen.value.length > 0) want({ by: "ids", value: "", ids: chosen.value });
  chosen.value = [];
  wish.value ??= EVERYTHING;
  await openOutbox(session);
  for (const one of waiting()) if (one.bulk) closed.add(one.item);
}

/** Fetch what is wished for; an answer to an earlier wish is dropped. */
export async function look(): Promise<void> {
  const wanted = wish.value ?? EVERYTHING;
  const number = (asked += 1);
  try {
    const reply = await post<Shown>("/api/grid", { ...wanted, n: size.value });
    if (number !== asked) return;
    const tiles = reply.tiles.filter((tile) => !closed.has(tile.id));
    batch(() => {
      shown.value = { ...reply, tiles };
      picked.value = kept(picked.value, tiles.map((tile) => tile.id));
      failure.value = "";
    });
  } catch (error) {
    if (number === asked) failure.value = error instanceof Error ? error.message : String(error);
  }
}

export function want(wanted: GridWish): void {
  batch(() => {
    wish.value = wanted;
    size.value = PAGE;
    picked.value = nothingPicked;
  });
  remember();
}

export function showMore(): void {
  size.value = Math.min(MOST, size.value + PAGE);
}

export const canShowMore = (): boolean => size.value < MOST && (shown.value?.total ?? 0) > (shown.value?.tiles.length ?? 0);

export function pick(next: Picked): void {
  picked.value = next;
  remember();
}

/** Give one label to all that is chosen: one request, one step back. */
export function give(label: Label): void {
  const known = shown.value;
  const tiles = known?.tiles.filter((tile) => picked.value.chosen.has(tile.id)) ?? [];
  if (!known || tiles.length === 0) return void (failure.value = "Choose items first: click them, or Space.");
  tiles.forEach((tile) => closed.add(tile.id));
  sendFrom(tiles.map((tile) => ({ uid: crypto.randomUUID(), item: tile.id, kind: "label", label, bulk: true })));
  const left = known.tiles.filter((tile) => !closed.has(tile.id));
  batch(() => {
    done.value = [...done.value, { tiles, label }].slice(-MOST_DONE);
    put(left, known.total - tiles.length);
    said.value = `${counted(tiles.length, "item")}: ${labelText(label)}.`;
  });
  remember();
  if (left.length < PAGE / 4) void look();
}

/** Take the last label given to many back from all of them. */
export function undo(): void {
  const last = done.value.at(-1);
  const known = shown.value;
  if (!last) return void (failure.value = "Nothing left to undo.");
  last.tiles.forEach((tile) => closed.delete(tile.id));
  sendFrom(last.tiles.map(takenBack));
  batch(() => {
    done.value = done.value.slice(0, -1);
    if (known) put([...last.tiles, ...known.tiles], known.total + last.tiles.length);
    picked.value = { at: 0, from: 0, chosen: new Set(last.tiles.map((tile) => tile.id)) };
    said.value = `${counted(last.tiles.length, "label")} taken back.`;
  });
  remember();
}

const takenBack = ({ id, mine }: Tile): Answer => ({ uid: crypto.randomUUID(), item: id, kind: mine ?? "retract" });

function put(tiles: readonly Tile[], total: number): void {
  failure.value = "";
  shown.value = { ...shown.value!, tiles: [...tiles], total };
  picked.value = kept(picked.value, tiles.map((tile) => tile.id));
}

function remember(): void {
  const now: Kept = { wish: wish.value, chosen: [...picked.value.chosen], done: [...done.value] };
  try {
    sessionStorage.setItem(place, JSON.stringify(now));
  } catch {
    // No room, or a browser that keeps nothing: the choice lives as long as the page.
  }
}

function recall(): void {
  try {
    const earlier = JSON.parse(sessionStorage.getItem(place) ?? "null") as Kept | null;
    if (!earlier) return;
    wish.value ??= earlier.wish;
    picked.value = { ...nothingPicked, chosen: new Set(earlier.chosen) };
    done.value = earlier.done;
    for (const one of earlier.done) for (const tile of one.tiles) closed.add(tile.id);
  } catch {
    // Kept by another version of the app.
  }
}
