/** Tiles over a picture that has too few pixels: fetched when somebody looks closely, shown once they are decoded. */

import type { Tile } from "../../core/tiles.ts";
import { spare, tilesOf } from "../../core/tiles.ts";
import type { Look, Size } from "../../core/zoom.ts";
import { element } from "./dom.ts";

/** Milliseconds until a look is answered: a zoom passes through many. */
const REST = 90;
/** Tiles on their way at once: answers and the next items share the line. */
const ABREAST = 3;

/** What the picture below looks like now. */
export interface Below {
  readonly look: Look;
  readonly room: Size;
  readonly size: Size;
  readonly image: HTMLImageElement;
}

export class Tiles {
  readonly root = element("div", { class: "view-image-tiles", "aria-hidden": "true" });
  /** By key, those used last at the end; one that is on its way or did not come is not in the document. */
  private readonly held = new Map<string, HTMLImageElement>();
  private wanted: readonly Tile[] = [];
  private underway = 0;
  private query = "";
  private below: Below | null = null;
  private resting = 0;

  /** Without an address there are none. */
  constructor(private readonly address: string | null) {}

  /** Lie over the picture as it is drawn now; what is missing is asked for soon. */
  follow(below: Below): void {
    if (!this.address) return;
    this.below = below;
    const { style } = this.root;
    style.transform = below.image.style.transform;
    style.filter = below.image.style.filter;
    this.root.classList.toggle("exact", below.image.classList.contains("exact"));
    this.resting ||= window.setTimeout(() => this.look(), REST);
  }

  /** The picture below is drawn in another window: `source` is its address. */
  redraw(source: string): void {
    const query = source.split("?")[1] ?? "";
    if (query === this.query) return;
    this.query = query;
    this.drop([...this.held.keys()]);
    if (this.below) this.follow(this.below);
  }

  destroy(): void {
    clearTimeout(this.resting);
    this.wanted = [];
    this.drop([...this.held.keys()]);
  }

  private look(): void {
    this.resting = 0;
    const { look, room, size, image } = this.below!;
    const factor = image.naturalWidth ? size.width / image.naturalWidth : 1;
    this.wanted = tilesOf({ size, factor }, look, room, devicePixelRatio);
    for (const { key } of this.wanted) this.touch(key);
    this.sweep();
    this.fetchNext();
  }

  private touch(key: string): void {
    const image = this.held.get(key);
    if (!image) return;
    this.held.delete(key);
    this.held.set(key, image);
  }

  private sweep(): void {
    const complete = this.wanted.every(({ key }) => this.held.get(key)?.isConnected);
    this.drop(spare([...this.held.keys()], this.wanted.map(({ key }) => key), complete));
  }

  private drop(keys: readonly string[]): void {
    for (const key of keys) {
      this.held.get(key)?.remove();
      this.held.delete(key);
    }
  }

  private fetchNext(): void {
    for (const tile of this.wanted) {
      if (this.underway >= ABREAST) return;
      if (!this.held.has(tile.key)) void this.fetch(tile);
    }
  }

  private async fetch(tile: Tile): Promise<void> {
    const image = element("img", { alt: "", draggable: "false" });
    const place = { left: `${tile.x}px`, top: `${tile.y}px`, width: `${tile.width}px`, height: `${tile.height}px` };
    // Finer ones lie above coarser ones.
    Object.assign(image.style, place, { zIndex: String(-tile.level) });
    this.held.set(tile.key, image);
    this.underway += 1;
    const { level, column, row } = tile;
    image.src = `${this.address}?level=${level}&x=${column}&y=${row}${this.query && `&${this.query}`}`;
    // One that does not come leaves what lies below.
    const came = await image.decode().then(() => true, () => false);
    this.underway -= 1;
    if (came && this.held.get(tile.key) === image) this.root.append(image);
    this.sweep();
    this.fetchNext();
  }
}
