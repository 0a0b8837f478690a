/** A review queue as one person goes through it. Pure: each function gives a new state. */
import type { components } from "../types.ts";
import type { Answer, Item, Label } from "./types.ts";

type Wire = components["schemas"];
export type Doubt = Wire["ReviewItem"];
export type Reply = Wire["ReviewQueue"];
export type Kind = Doubt["kind"];

/** What became of a doubt: `label` null keeps what stands. */
export interface Decision {
  readonly doubt: Doubt;
  readonly label: Label | null;
}

export interface Review {
  readonly kind: Kind;
  /** The one on the screen is the first. */
  readonly open: readonly Doubt[];
  /** Put off in this visit: they come again when nothing else is left. */
  readonly later: ReadonlySet<string>;
  readonly done: readonly Decision[];
  /** How many the server knows of, by kind. */
  readonly counts: Readonly<Record<string, number>>;
  readonly sentence: string;
}

export const kinds: readonly { kind: Kind; name: string; nothing: string }[] = [
  {
    kind: "label-errors",
    name: "Label errors",
    nothing: "No label is contradicted by the model. They are judged again after each training.",
  },
  { kind: "disagreements", name: "Disagreements", nothing: "Wherever two people answered, they agree." },
  { kind: "unsure", name: "Unsure", nothing: "Nobody was unsure. The key U on the labelling screen says so of an item." },
  { kind: "flagged", name: "Flagged", nothing: "Nothing is flagged. The key F on the labelling screen flags an item." },
];

export const fresh = (kind: Kind): Review => ({ kind, open: [], later: new Set(), done: [], counts: {}, sentence: "" });

/** Take in what the server says: the visible doubt stays, decided ones do not come back, put-off ones come last. */
export function arrived(review: Review, reply: Reply, decided: ReadonlySet<string>): Review {
  if (reply.kind !== review.kind) return review;
  const [shown] = review.open;
  const others = reply.items.filter((one) => !decided.has(one.item.id) && one.item.id !== shown?.item.id);
  const now = others.filter((one) => !review.later.has(one.item.id));
  const last = others.filter((one) => review.later.has(one.item.id));
  const open = [...(shown ? [shown] : []), ...now, ...last];
  return { ...review, open, counts: reply.counts, sentence: reply.sentence };
}

/** Close the visible doubt with a decision and show the next one. */
export function decided(review: Review, label: Label | null): Review {
  const [doubt, ...open] = review.open;
  if (!doubt) return review;
  const counts = { ...review.counts, [review.kind]: Math.max(0, (review.counts[review.kind] ?? 1) - 1) };
  return { ...review, open, counts, done: [...review.done, { doubt, label }] };
}

/** Put the visible doubt off to the end. */
export function putOff(review: Review): Review {
  const [doubt, ...open] = review.open;
  return doubt ? { ...review, open: [...open, doubt], later: new Set([...review.later, doubt.item.id]) } : review;
}

/** Bring the last decided doubt back to the screen; null when there is none. */
export function undone(review: Review): { review: Review; decision: Decision } | null {
  const decision = review.done.at(-1);
  if (!decision) return null;
  const counts = { ...review.counts, [review.kind]: (review.counts[review.kind] ?? 0) + 1 };
  const open = [decision.doubt, ...review.open.filter((one) => one.item.id !== decision.doubt.item.id)];
  return { review: { ...review, open, counts, done: review.done.slice(0, -1) }, decision };
}

export type Uid = () => string;

/** What a decision says to the server: that the item was reviewed, and the new label, which is no opinion of its own. */
export function said({ doubt, label }: Decision, uid: Uid): Answer[] {
  const item = doubt.item.id;
  const seen: Answer = { uid: uid(), item, kind: "note", reviewed: true };
  return label === null ? [seen] : [{ uid: uid(), item, kind: "label", label }, { ...seen, informed: true }];
}

/** What takes a decision back: this person's answer as it was before, be it one of a review, or none. */
export function unsaid({ doubt, label }: Decision, uid: Uid): Answer[] {
  const item = doubt.item.id;
  const seen: Answer = { uid: uid(), item, kind: "note", reviewed: false };
  return label === null ? [seen] : [before(doubt.item, uid()), { ...seen, informed: doubt.item.mine?.informed === true }];
}

function before({ id, mine }: Item, uid: string): Answer {
  if (!mine) return { uid, item: id, kind: "retract" };
  return mine.kind === "label" ? { uid, item: id, kind: "label", label: mine.label } : { uid, item: id, kind: mine.kind };
}

/** Say what the model thinks in words: of a label error the class, and how sure it is. */
export function inWords(chance: number): string {
  if (chance >= 0.95) return "almost surely";
  if (chance >= 0.8) return "very probably";
  return chance >= 0.6 ? "probably" : "perhaps";
}
