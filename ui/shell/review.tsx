/** The review screen: one doubtful item at a time, why it is doubtful, and one key to keep or change its label. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { digitsOf } from "../core/digits.ts";
import { confidence, count, labelText } from "../core/format.ts";
import { binding, command } from "../core/keys.ts";
import type { Action } from "../core/keys.ts";
import { inWords, kinds } from "../core/review.ts";
import type { Doubt, Kind } from "../core/review.ts";
import { taskType } from "../core/types.ts";
import type { Label, Name, Session, Study } from "../core/types.ts";
import { Cap } from "./answers.tsx";
import { openKeys } from "./bound.ts";
import { Notices } from "./notices.tsx";
import { adopt, asked, begin, change, draft, flag, keep, later, open, review, undo } from "./reviewing.ts";
import { drawsLabels, Shown } from "./shown.tsx";

export function ReviewScreen({ session }: { session: Session }) {
  const study = session.study!;
  useEffect(() => openKeys(session.who), [session]);
  useEffect(() => {
    const started = begin(session, review.value.kind);
    return () => void started.then((stop) => stop());
  }, [session]);
  useEffect(() => listen(study), [study]);
  const [doubt] = review.value.open;
  return (
    <div class="desk review">
      <main class="desk-main">
        <h1 class="hidden-text">Review {study.name}</h1>
        <div class="review-main" tabIndex={-1}>
          <Kinds />
          {doubt ? <Shown item={doubt.item} study={study} label={doubt.label} onChange={(label) => (draft.value = label)} /> : <Nothing />}
        </div>
        <Notices study={study.name} />
      </main>
      {doubt && <Bar doubt={doubt} study={study} />}
    </div>
  );
}

function Kinds() {
  return (
    <nav class="kinds" aria-label="Queues">
      {kinds.map(({ kind, name }) => (
        <button key={kind} class="kind" aria-current={review.value.kind === kind ? "true" : undefined} onClick={() => go(kind)}>
          {name} <span class="kind-count">{count(review.value.counts[kind] ?? 0)}</span>
        </button>
      ))}
      <span class="grow" />
      <span class="quiet small kinds-words">{review.value.sentence}</span>
    </nav>
  );
}

/** Go to a queue; the focus goes to its item, so that the next key is about that. */
function go(kind: Kind): void {
  open(kind);
  document.querySelector<HTMLElement>(".review-main")?.focus();
}

function Nothing() {
  const words = kinds.find((one) => one.kind === review.value.kind)!.nothing;
  return (
    <div class="stage nothing" role="status">
      <p class="nothing-title">{asked.value ? "Nothing to review here" : "Reading the queue"}</p>
      {asked.value && <p class="quiet">{words}</p>}
      {review.value.done.length > 0 && <Key action="undo" name="undo" run={undo} />}
    </div>
  );
}

function Bar({ doubt, study }: { doubt: Doubt; study: Study }) {
  return (
    <section class="answers" aria-label="Review">
      <div class="answers-row">
        <Says doubt={doubt} />
        <span class="grow" />
        {doubt.item.note?.flag && <span class="mark">flagged</span>}
        <KeepButton doubt={doubt} />
      </div>
      <div class="answers-row">
        {drawsLabels(doubt.item, study) ? <span class="grow" /> : <Choices doubt={doubt} study={study} />}
        <div class="others">
          {doubt.other !== null && <Key action="adopt" name={doubt.kind === "label-errors" ? "take the model's" : "take the other"} run={adopt} />}
          <Key action="skip" name="later" run={later} />
          <Key action="flag" name="flag" run={flag} />
          <Key action="undo" name="undo" run={undo} />
        </div>
      </div>
    </section>
  );
}

/** Who gave the label, and what speaks against it. */
function Says({ doubt }: { doubt: Doubt }) {
  if (doubt.kind !== "label-errors" || doubt.chance === null) return <p class="review-reason">{doubt.reason}</p>;
  const people = doubt.said.filter((one) => one.kind === "label").map((one) => one.who || "somebody");
  return (
    <div class="review-says">
      <p class="review-reason">
        <span class="quiet">{people.join(", ") || "somebody"} said</span> <strong>{labelText(doubt.label)}</strong>
        <span class="quiet">; a model that was trained without this label says {inWords(doubt.chance)}</span> <strong>{labelText(doubt.other)}</strong>
      </p>
      <p class="review-chances small">
        <Chance name={labelText(doubt.other)} share={doubt.chance} /> <Chance name={labelText(doubt.label)} share={doubt.own ?? 0} />
      </p>
    </div>
  );
}

function Chance({ name, share }: { name: string; share: number }) {
  return (
    <span class="chance">
      <span class="quiet">{name}</span> {confidence(share)}
      <span class="certainty" aria-hidden="true">
        <span class="certainty-fill" style={{ width: `${100 * share}%` }} />
      </span>
    </span>
  );
}

function KeepButton({ doubt }: { doubt: Doubt }) {
  const words = draft.value !== null ? `change to ${labelText(draft.value)}` : doubt.label === null ? "leave as it is" : `keep ${labelText(doubt.label)}`;
  return (
    <Pressed class="button primary" run={keep}>
      <Cap action="accept" /> {words}
    </Pressed>
  );
}

function Choices({ doubt, study }: { doubt: Doubt; study: Study }) {
  const digits = digitsOf(study.task.labels);
  return (
    <div class="choices" role="group" aria-label="Change to">
      {study.task.labels.map((name, place) => (
        <Choice key={name} name={name} place={place} digit={digits[place] ?? ""} doubt={doubt} study={study} />
      ))}
    </div>
  );
}

function Choice({ name, place, digit, doubt, study }: { name: Name; place: number; digit: string; doubt: Doubt; study: Study }) {
  const stands = holds(draft.value ?? doubt.label, name);
  const against = doubt.kind === "label-errors" && doubt.other !== null && holds(doubt.other, name);
  return (
    <Pressed class={`choice hue-${(place % 8) + 1}${against ? " suggested" : ""}`} pressed={stands} run={() => choose(name, study)}>
      {digit && (
        <kbd class="kbd" aria-hidden="true">
          {digit}
        </kbd>
      )}
      <span class="choice-name">{name}</span>
      {against && <span class="hidden-text">, what the model says</span>}
    </Pressed>
  );
}

const holds = (label: Doubt["label"], name: Name): boolean => (Array.isArray(label) ? (label as Name[]).includes(name) : label === name);

/** Where an item has one class, a class is the decision; where it has several, it is switched, and Enter decides. */
function choose(name: Name, study: Study): void {
  const doubt = review.value.open[0];
  if (!doubt) return;
  if (taskType(study.task) === "classification") return change(name);
  if (taskType(study.task) !== "multilabel") return;
  const chosen = ((draft.value ?? doubt.label) as Name[] | null) ?? [];
  const on = !chosen.includes(name);
  draft.value = study.task.labels.filter((label) => (label === name ? on : chosen.includes(label))) as Label;
}

function Key({ action, name, run }: { action: Action; name: string; run(): void }) {
  return (
    <Pressed class="other" run={run}>
      <kbd class="kbd" aria-hidden="true">
        {binding(action).cap}
      </kbd>
      {name}
    </Pressed>
  );
}

/** A button that gives the focus back to the page after the mouse, so that Enter then keeps and does not press it again. */
function Pressed(props: { class: string; run(): void; pressed?: boolean; children: ComponentChildren }) {
  return (
    <button
      class={props.class}
      aria-pressed={props.pressed}
      onClick={(event) => {
        if (event.detail > 0) event.currentTarget.blur();
        props.run();
      }}
    >
      {props.children}
    </button>
  );
}

function listen(study: Study): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || elsewhere(event)) return;
    const pressed = command(event);
    if (!pressed) return;
    if (pressed.action === "answer") {
      const name = study.task.labels[digitsOf(study.task.labels).indexOf(pressed.digit!)];
      if (name === undefined) return;
      choose(name, study);
    } else if (!actions[pressed.action]) return;
    else actions[pressed.action]!();
    event.preventDefault();
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}

const actions: Partial<Record<Action, () => void>> = { accept: keep, adopt, skip: later, flag, undo };

function elsewhere(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest("input, textarea, select, [contenteditable]")) return true;
  return event.key === "Enter" && target.closest("button, a, summary") !== null;
}

