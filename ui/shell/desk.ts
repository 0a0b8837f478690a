/** The desk: what one person sees and does while labelling. Screens read its signals; keys and buttons call its actions. */
import { batch, computed, effect, signal } from "@preact/signals";
import { askedNow, cut } from "../core/asked.ts";
import { labelText } from "../core/format.ts";
import { emptyHistory, pushed, recalled, redone, reversed, undone } from "../core/history.ts";
import type { Entry, Given, History } from "../core/history.ts";
import { Outbox } from "../core/outbox.ts";
import type { Refused } from "../core/outbox.ts";
import { advanced, answered, brought, confirmed, noted, without } from "../core/queue.ts";
import { nothing, taskType } from "../core/types.ts";
import type { Answer, Item, Label, Name, Note, Recalled, Reply, Schema, Session } from "../core/types.ts";
import type { Mounted, Label as ViewLabel } from "../views/contract.ts";
import { ApiError, get, post } from "./api.ts";
import { Drafts } from "./drafts.ts";
import { openShelf } from "./shelf.ts";
import { queue, refill, startSupply } from "./supply.ts";
import { prepare } from "./modules.ts";
import { stopwatch } from "./stopwatch.ts";

export const history = signal<History>(emptyHistory);
/** What the person has chosen on the visible item and not yet submitted. */
export const draft = signal<Label | null>(null);
export const visible = computed(() => queue.value.visible);
export const unsent = signal(0);
export const trouble = signal<unknown>(null);
/** False once this browser would not keep an answer over a reload. */
export const kept = signal(true);
export const refused = signal<readonly Refused[]>([]);
/** One sentence for screen readers after each action. */
export const said = signal("");
/** A sentence about something that could not be done; gone with the next action. */
export const failure = signal("");

let schema: Schema = { type: "classification", labels: [] };
let mounted: Mounted | null = null;
let drafts: Drafts | null = null;
const standing = new Map<string, Given>();
const clock = stopwatch();

const outbox: Outbox = new Outbox({
  send: (answers) => post<Reply>("/api/answers", { answers }),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  hopeless: (error) => error instanceof ApiError && [400, 404, 409, 413, 415, 422].includes(error.status),
  recorded: settle,
  changed() {
    unsent.value = outbox.waiting.length;
    trouble.value = outbox.waiting.length > 0 ? outbox.trouble : null;
    refused.value = outbox.refused;
    kept.value = outbox.kept;
  },
});

/** Start on a study: send what an earlier visit left, recall its answers, fetch items. Gives the way to stop. */
export async function open(session: Session): Promise<() => void> {
  const study = session.study!;
  schema = study.task;
  drafts = new Drafts(`${study.name} ${session.who}`);
  await openOutbox(session);
  queue.value = answered(queue.value, outbox.waiting.filter(closes).map((one) => one.item));
  const stop = startSupply({ unsent: () => outbox.waiting.length, prepare: (item) => prepare(item, study) });
  addEventListener("online", flush);
  const forget = keepDrafts(drafts);
  void recall();
  return () => {
    stop();
    forget();
    removeEventListener("online", flush);
  };
}

/** Take up what an earlier visit could not send; every screen that answers does so. */
export async function openOutbox(session: Session): Promise<void> {
  await outbox.open(await openShelf(`${session.study!.name} ${session.who}`));
}

/** Keep and send what was answered on another screen; its items are no more to be labelled here. */
export function sendFrom(answers: readonly Answer[]): void {
  outbox.put(...answers);
  queue.value = without(queue.value, new Set(answers.filter(closes).map((one) => one.item)));
}

/** What the server has not confirmed yet. */
export const waiting = (): readonly Answer[] => outbox.waiting;

/** What is begun and not submitted outlives a reload: it is kept as it changes, and taken up when its item comes again. */
function keepDrafts(kept: Drafts): () => void {
  const resume = effect(() => {
    const item = visible.value;
    if (item && draft.peek() === null) draft.value = kept.of(item.id);
  });
  const keep = effect(() => {
    const label = draft.value;
    const item = visible.peek();
    if (item && label !== null) kept.keep(item.id, label);
  });
  return () => (resume(), keep());
}

const closes = (one: Answer): boolean => one.kind !== "note" && one.kind !== "retract";

export const flush = (): void => outbox.flush();
export const dismiss = (uid: string): void => outbox.dismiss(uid);
export const attach = (view: Mounted | null): void => void (mounted = view);

function settle(answers: readonly Answer[]): void {
  queue.value = confirmed(queue.value, answers.filter((one) => one.kind !== "note").map((one) => one.item));
  refill();
}

async function recall(): Promise<void> {
  const told = await get<Recalled[]>("/api/history?n=30").catch(() => []);
  const earlier = told.filter((one) => one.kind !== "retract" && one.kind !== "note").reverse();
  history.value = recalled(history.value, earlier.map(entryOf));
}

const entryOf = (one: Recalled): Entry => ({ id: one.item, item: null, given: given(one), before: null });

function given(one: { kind: Answer["kind"]; label?: Label | null | undefined }): Given {
  const kind = one.kind === "note" ? "retract" : one.kind;
  return one.label === null || one.label === undefined ? { kind } : { kind, label: one.label };
}

/** Record what the person says of the visible item, and show the next one. */
export function give(answer: Given): void {
  const item = queue.value.visible;
  if (!item) return;
  failure.value = "";
  const before = standing.get(item.id) ?? (item.mine ? given(item.mine) : null);
  send(item, answer, clock.read());
  history.value = pushed(history.value, { id: item.id, item, given: answer, before });
  show(() => advanced(queue.value), null);
  said.value = `${answer.kind === "label" ? labelText(answer.label) : answer.kind}: recorded.`;
  refill();
}

function send(item: Item, answer: Given, seconds?: number): void {
  standing.set(item.id, answer);
  drafts?.drop(item.id);
  const about = { ...(item.lease ? { lease: item.lease } : {}), ...(seconds === undefined ? {} : { seconds }) };
  outbox.put({ uid: crypto.randomUUID(), item: item.id, ...answer, ...about });
}

function show(change: () => typeof queue.value, label: Label | null): void {
  batch(() => {
    queue.value = change();
    draft.value = label;
  });
  clock.start();
}

/** Choose a class: at once the answer where there is one class per item, else switched on or off in the draft. */
export function choose(name: Name): void {
  if (!queue.value.visible) return;
  if (taskType(schema) === "classification") return give({ kind: "label", label: name });
  if (taskType(schema) !== "multilabel") return;
  const chosen = (draft.value as Name[] | null) ?? [];
  const on = !chosen.includes(name);
  setDraft(schema.labels.filter((label) => (label === name ? on : chosen.includes(label))) as Label);
  said.value = `${name} ${on ? "on" : "off"}`;
}

/** Submit the draft; without one take what the model says; where labels are sets, the empty one. */
export function accept(): void {
  const label = acceptable();
  if (label !== null) give({ kind: "label", label });
}

/** What Enter would submit now; null when it would do nothing. */
export function acceptable(): Label | null {
  const item = queue.value.visible;
  if (!item) return null;
  if (draft.value !== null) return draft.value;
  return suggested() ?? ofWhatIsAsked(item, nothing(schema));
}

/** What the model says of the visible item, as far as it is asked; null where it says nothing, or suggestions are hidden. */
export function suggested(): Label | null {
  const item = queue.value.visible;
  return item?.suggestion && !hidden.value ? ofWhatIsAsked(item, item.suggestion.label) : null;
}

const ofWhatIsAsked = (item: Item, label: Label | null): Label | null =>
  taskType(schema) === "spans" ? cut(label, askedNow(item.data, draft.value)) : label;

/** Take what the model says into the draft, to change it before it is submitted. */
export function adopt(): void {
  const label = suggested();
  if (label !== null && taskType(schema) !== "classification") setDraft(label);
}

function setDraft(label: Label | null): void {
  draft.value = label;
  mounted?.set?.(label as ViewLabel | null);
}

export const skip = (): void => give({ kind: "skip" });
export const unsure = (): void => give({ kind: "unsure" });

/** Take the last answer back and show its item again. */
export async function undo(): Promise<void> {
  const step = undone(history.value);
  if (!step) return void (failure.value = "Nothing left to undo.");
  const item = await itemOf(step.entry);
  if (!item || step.entry !== history.value.done.at(-1)) return;
  send(item, reversed(step.entry));
  history.value = undone({ ...history.value })!.history;
  show(() => brought(queue.value, { ...item, lease: null, expires: null }), step.entry.given.label ?? null);
  said.value = "Undone.";
}

/** Give the answer that was undone last again. */
export async function redo(): Promise<void> {
  const step = redone(history.value);
  const item = step && (await itemOf(step.entry));
  if (!item || step.entry !== history.value.undone.at(-1)) return;
  send(item, step.entry.given);
  history.value = redone(history.value)!.history;
  show(() => advanced(brought(queue.value, item)), null);
  said.value = "Done again.";
}

/** Show an item answered earlier; answering it again replaces the answer. */
export async function revisit(entry: Entry): Promise<void> {
  const item = await itemOf(entry);
  if (!item || queue.value.visible?.id === item.id) return;
  show(() => brought(queue.value, { ...item, lease: null, expires: null }), standing.get(item.id)?.label ?? entry.given.label ?? null);
}

async function itemOf(entry: Entry): Promise<Item | null> {
  failure.value = "";
  if (entry.item) return entry.item;
  try {
    return await get<Item>(`/api/items/${encodeURIComponent(entry.id)}`);
  } catch (error) {
    failure.value = error instanceof Error ? error.message : String(error);
    return null;
  }
}

/** Keep a flag or a comment of this person on the visible item. */
export function note(change: Partial<Note>): void {
  const item = queue.value.visible;
  if (!item) return;
  const now: Note = { flag: false, comment: "", ...item.note, ...change };
  outbox.put({ uid: crypto.randomUUID(), item: item.id, kind: "note", flag: now.flag, comment: now.comment });
  queue.value = noted(queue.value, now);
  if (change.flag !== undefined) said.value = now.flag ? "Flagged." : "Flag removed.";
}

const HIDDEN = "querist-hide-suggestions";

/** Whether suggestions are hidden, so that they do not sway the eye. */
export const hidden = signal(localStorage.getItem(HIDDEN) === "yes");

export function toggleHidden(): void {
  hidden.value = !hidden.value;
  localStorage.setItem(HIDDEN, hidden.value ? "yes" : "no");
}
