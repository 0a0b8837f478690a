/** A review as one person goes through it: which doubt is on the screen, what is decided, what is sent. */
import { batch, signal } from "@preact/signals";
import { labelText } from "../core/format.ts";
import { arrived, decided, fresh, kinds, putOff, said as told, undone, unsaid } from "../core/review.ts";
import type { Decision, Doubt, Kind, Reply, Review } from "../core/review.ts";
import type { Label, Note, Session, Study } from "../core/types.ts";
import { get } from "./api.ts";
import { failure, openOutbox, said, sendFrom, waiting } from "./desk.ts";
import { prepare } from "./modules.ts";

const AHEAD = 20;
const REFILL_BELOW = 6;
const ASK_AGAIN = 10_000;
const MOST_DONE = 30;

const KIND = "querist-review-kind";

/** The queue of the last look, also after a reload. */
const lastKind = (): Kind => kinds.find(({ kind }) => kind === sessionStorage.getItem(KIND))?.kind ?? "label-errors";

export const review = signal<Review>(fresh(lastKind()));
/** What the view of the visible doubt has been changed to; null while it is as it was. */
export const draft = signal<Label | null>(null);
/** False until the server has told of this kind. */
export const asked = signal(false);

let study: Study | null = null;
let place = "";
/** Decided in this visit: a reply that was on its way does not bring them back. */
const closed = new Set<string>();

/** Begin, or go on after a reload: what was decided and not sent is sent, and can still be undone. */
export async function begin(session: Session, kind: Kind): Promise<() => void> {
  study = session.study!;
  place = `querist-review ${study.name} ${session.who}`;
  const again = setInterval(() => void ask(), ASK_AGAIN);
  await openOutbox(session);
  for (const one of waiting()) if (one.reviewed) closed.add(one.item);
  open(kind);
  return () => clearInterval(again);
}

/** Go to the queue of a kind. */
export function open(kind: Kind): void {
  sessionStorage.setItem(KIND, kind);
  batch(() => {
    review.value = { ...fresh(kind), counts: review.value.counts, done: remembered(kind) };
    draft.value = null;
    asked.value = false;
    failure.value = "";
  });
  void ask();
}

async function ask(): Promise<void> {
  const { kind } = review.value;
  try {
    const reply = await get<Reply>(`/api/review?kind=${kind}&n=${AHEAD + closed.size}`);
    review.value = arrived(review.value, reply, closed);
    if (kind === review.value.kind) asked.value = true;
    review.value.open.slice(0, 4).forEach((one) => prepare(one.item, study!));
  } catch (error) {
    failure.value = error instanceof Error ? error.message : String(error);
  }
}

export const visible = (): Doubt | null => review.value.open[0] ?? null;

/** Keep what stands, or give what the view was changed to. */
export function keep(): void {
  const changed = draft.value;
  if (changed !== null) return change(changed);
  decide(null);
}

/** Give another label, or confirm the one that stands as an answer of one's own. */
export const change = (label: Label): void => decide(label);

/** Take what contradicts the label: the model's word, or the other people's. */
export function adopt(): void {
  const other = visible()?.other;
  if (other !== null && other !== undefined) decide(other);
}

function decide(label: Label | null): void {
  const doubt = visible();
  if (!doubt) return;
  const decision: Decision = { doubt, label };
  closed.add(doubt.item.id);
  sendFrom(told(decision, uid));
  show(decided(review.value, label));
  said.value = label === null ? "Kept." : `Changed to ${labelText(label)}.`;
  remember();
  if (review.value.open.length < REFILL_BELOW) void ask();
}

export function later(): void {
  if (visible()) show(putOff(review.value));
  said.value = "Put off to the end.";
}

/** Take the last decision back, also one from before a reload. */
export function undo(): void {
  const step = undone(review.value);
  if (!step) return void (failure.value = "Nothing left to undo.");
  closed.delete(step.decision.doubt.item.id);
  sendFrom(unsaid(step.decision, uid));
  show(step.review);
  said.value = "Undone.";
  remember();
}

/** Flag the visible doubt, or take the flag off. */
export function flag(): void {
  const doubt = visible();
  if (!doubt) return;
  const note: Note = { comment: "", ...doubt.item.note, flag: !doubt.item.note?.flag };
  sendFrom([{ uid: uid(), item: doubt.item.id, kind: "note", flag: note.flag }]);
  const [, ...others] = review.value.open;
  review.value = { ...review.value, open: [{ ...doubt, item: { ...doubt.item, note } }, ...others] };
  said.value = note.flag ? "Flagged." : "Flag removed.";
}

function show(next: Review): void {
  batch(() => {
    review.value = next;
    draft.value = null;
    failure.value = "";
  });
  next.open.slice(0, 4).forEach((one) => prepare(one.item, study!));
}

const uid = (): string => crypto.randomUUID();

function remember(): void {
  try {
    sessionStorage.setItem(`${place} ${review.value.kind}`, JSON.stringify(review.value.done.slice(-MOST_DONE)));
  } catch {
    // A browser that keeps nothing: undo ends with the page.
  }
}

function remembered(kind: Kind): readonly Decision[] {
  try {
    return JSON.parse(sessionStorage.getItem(`${place} ${kind}`) ?? "[]") as Decision[];
  } catch {
    return [];
  }
}
