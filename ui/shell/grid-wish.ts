/** Which items the grid shows: any screen may ask for them and go there. */
import { signal } from "@preact/signals";

export interface GridWish {
  by: "like" | "class" | "search" | "ids";
  value: string;
  ids: readonly string[];
}

/** Null until somebody asks: the grid then begins with a search for everything. */
export const wish = signal<GridWish | null>(null);

/** Show the items like one: its neighbours as the model sees them. */
export const showLike = (id: string): void => go({ by: "like", value: id, ids: [] });

function go(wanted: GridWish): void {
  wish.value = wanted;
  location.hash = "#/grid";
}
