/**
 * What a view is: an ES module that shows one item, and lets a person mark it where the answer is more than a class.
 *
 * The built-in views and those that people add (`querist label STUDY --view FILE`) keep the same contract:
 * `mount(host, {item, label, schema, onChange}) → {destroy}`. docs/howto/custom-view.md teaches it.
 *
 * Keys: a view that answers to a key listens on the document in the capture phase and calls `preventDefault()`; the
 * shell leaves such a key alone. What the view does not use belongs to the shell (Enter, S, U, Z, ?, …).
 */

/** A label as it goes over the wire: a class, classes, spans by code point (of a part), boxes, or picks of a micrograph. */
export type Label = Name | Name[] | WireSpan[] | WirePart | WireBox[] | WirePicks;

/** A class, as the study names it. */
export type Name = string | number;

/** A marked stretch of text; `start` and `end` count Unicode code points, and `end` is not part of it. */
export interface WireSpan {
  start: number;
  end: number;
  label: string;
}

/** Spans of a part of a text; of what lies outside the stretches `[start, end]` it says nothing. */
export interface WirePart {
  spans: WireSpan[];
  asked: number[][];
}

/** A box in an image: x and y of the corner at the top left, width and height, in pixels of the original. */
export interface WireBox {
  label: Name;
  box: [number, number, number, number];
}

/** Particles of a micrograph, in pixels of the original; `searched` null says that all of it was looked at. */
export interface WirePicks {
  points: [number, number][];
  diameter?: number | null;
  searched: [number, number, number, number][] | null;
}

/** Something that the model saw: a box (x, y, width, height) or a particle (x, y), and how probable it is. */
export interface Seen {
  label: Name;
  score: number;
  place: number[];
}

/** What the model says of an item; hidden ones (a study without suggestions) arrive as null. */
export interface ViewSuggestion {
  label: Label;
  confidence?: number | null;
  /** All that the model saw, also what it thinks less likely than not; null where it told none. */
  seen?: readonly Seen[] | null;
}

/** The item to show. `data` holds `text` (and `asked`, where a part is asked), or `image`, `width`, `height`, or a record's fields. */
export interface ViewItem {
  id: string;
  data: Record<string, unknown>;
  suggestion?: ViewSuggestion | null;
}

/** The task as JSON: its classes, and for spans whether they may overlap. */
export interface ViewSchema {
  labels?: readonly Name[];
  [name: string]: unknown;
}

/** What a view is given. */
export interface ViewProps {
  item: ViewItem;
  /** The answer as it stands: this person's earlier one, or null. */
  label: Label | null;
  schema: ViewSchema;
  /** Say what the answer is now; Enter records it. A view that only shows the item never calls it. */
  onChange: (label: Label) => void;
  /** Record an answer at once and go on to the next item, as the key of a class does. */
  answer?: (label: Label) => void;
}

/** A mounted view. */
export interface Mounted {
  /** Take away everything that was put into the host and onto the document. */
  destroy(): void;
  /** The answer changed outside: a suggestion was taken over, or taken back. */
  set?(label: Label | null): void;
}

/** A key that a view answers to, for the page of keys (`?`). */
export interface ViewKey {
  key: string;
  hint: string;
}

/** What a module of a view exports. */
export interface View {
  mount(host: HTMLElement, props: ViewProps): Mounted;
  /** Fetch and decode what the item needs, ahead of time; `mount` then paints it at once. */
  prepare?(item: ViewItem): Promise<void>;
  readonly keys?: readonly ViewKey[];
  /** True when the view draws the classes itself (spans), so that the shell shows no class buttons. */
  readonly drawsLabels?: boolean;
}
