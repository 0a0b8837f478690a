/**
 * What a view is: one ES module that shows an item. The shell owns the answer bar and the history; a view owns its host.
 *
 * A view that only shows an item (text, record, image) never calls `onChange`; one that edits the label (spans) does so
 * on each change. The shell offers every key press to `key` first, before its own table of actions.
 */
import type { Item, Label, Schema } from "../core/types.ts";

export type { Item, Label, Schema } from "../core/types.ts";

export interface Props {
  /** `item.suggestion` is null when suggestions are hidden. */
  item: Item;
  /** What the person has said so far; null before the first change. */
  label: Label | null;
  schema: Schema;
  onChange(label: Label): void;
}

export interface Mounted {
  destroy(): void;
  /** Take a key press (true) or leave it to the shell (false). Never called while a text field has the focus. */
  key?(event: KeyboardEvent): boolean;
  /** The label changed outside the view: a suggestion was taken over, or an undo. */
  set?(label: Label | null): void;
}

/** One line of the help: `keys` as shown on a key cap, e.g. ["+", "−", "0"]. */
export interface KeyHint {
  keys: readonly string[];
  does: string;
}

export interface ViewModule {
  mount(host: HTMLElement, props: Props): Mounted;
  /** Fetch and decode what the item needs, ahead of time; `mount` then paints it at once. */
  prepare?(item: Item): Promise<void>;
  keys?: readonly KeyHint[];
}
