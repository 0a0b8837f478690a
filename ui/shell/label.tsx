/** The labelling screen: the item is the page; the answer bar, the last answers and why this item stand below it. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { digitsOf } from "../core/digits.ts";
import { command } from "../core/keys.ts";
import type { Action, Command } from "../core/keys.ts";
import type { Session, Study } from "../core/types.ts";
import { AnswerBar, Cap } from "./answers.tsx";
import { changedKeys, openKeys } from "./bound.ts";
import * as desk from "./desk.ts";
import { showLike } from "./grid-wish.ts";
import { Guidelines } from "./guidelines.tsx";
import { Help } from "./help.tsx";
import { ready, viewUrl } from "./modules.ts";
import { Notices } from "./notices.tsx";
import { closePanel, panel, toggle } from "./panels.ts";
import { takeSeat } from "./seat.ts";
import { arrivedViews, Stage } from "./stage.tsx";
import { Strip } from "./strip.tsx";
import { WhyPanel } from "./why.tsx";

const seat = signal<"asking" | "ours" | "elsewhere">("asking");
let opened: Promise<() => void> | null = null;

export function Labelling({ session }: { session: Session }) {
  const study = session.study!;
  useEffect(() => void sit(session, false), [session]);
  useEffect(() => openKeys(session.who), [session]);
  void changedKeys.value;
  useEffect(() => listenToKeys(study), [study]);
  if (seat.value === "elsewhere") return <Elsewhere session={session} />;
  return (
    <div class="desk">
      <main class="desk-main">
        {desk.visible.value && <h1 class="hidden-text">Label {study.name}</h1>}
        <Stage study={study} />
        <Side study={study} />
        <Notices study={study.name} />
      </main>
      <AnswerBar study={study} drawsLabels={drawsLabels(study)} />
      <Foot study={study} />
      {panel.value === "help" && <Help viewKeys={viewOf(study)?.keys ?? []} />}
    </div>
  );
}

/** Asked twice at once, the second would find the seat taken, by this very window. */
let sitting = false;

async function sit(session: Session, steal: boolean): Promise<void> {
  if (seat.value === "ours" || sitting) return;
  sitting = true;
  const ours = await takeSeat(`${session.study!.name} ${session.who}`, { steal, lost: () => void stand() });
  sitting = false;
  seat.value = ours ? "ours" : "elsewhere";
  if (ours) opened ??= desk.open(session);
}

async function stand(): Promise<void> {
  seat.value = "elsewhere";
  (await opened)?.();
  opened = null;
}

function Elsewhere({ session }: { session: Session }) {
  return (
    <main class="page">
      <h1>This study is open in another window</h1>
      <p>One window at a time, so that no item is shown twice.</p>
      <button class="button primary" onClick={() => void sit(session, true)}>
        Label here instead
      </button>
    </main>
  );
}

function Side({ study }: { study: Study }) {
  const item = desk.visible.value;
  if (panel.value === "why" && item) return <WhyPanel item={item} />;
  return panel.value === "guidelines" ? <Guidelines initial={study.guidelines} /> : null;
}

function Foot({ study }: { study: Study }) {
  const why = desk.visible.value?.why;
  return (
    <footer class="foot">
      <Strip schema={study.task} />
      <button class="foot-button" onClick={() => toggle("guidelines")} aria-expanded={panel.value === "guidelines"}>
        guidelines <Cap action="guidelines" />
      </button>
      {why && (
        <button class="foot-button why" onClick={() => toggle("why")} aria-expanded={panel.value === "why"}>
          <span class="why-words">{why}</span> <Cap action="why" />
        </button>
      )}
    </footer>
  );
}

function viewOf(study: Study) {
  void arrivedViews.value;
  return desk.visible.value ? ready(viewUrl(desk.visible.value, study)) : null;
}

/** Views that draw the classes themselves, as long as they are not here to say so. */
const DRAWING = ["spans", "boxes", "particles", "candidate"];

const drawsLabels = (study: Study): boolean => viewOf(study)?.drawsLabels ?? DRAWING.includes(study.view);

function listenToKeys(study: Study): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || belongsElsewhere(event)) return;
    const asked = command(event);
    if (!asked) return;
    if (run(asked, study)) event.preventDefault();
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}

/** Text being typed, a control that Enter presses, an open dialog. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest("input, textarea, select, [contenteditable]")) return true;
  if (event.key === "Enter" && target.closest("button, a, summary")) return true;
  return panel.value === "help" && command(event)?.action !== "help";
}

/** Do what is asked; says whether there was something to do. */
function run({ action, digit }: Command, { task }: Study): boolean {
  if (action !== "answer") return actions[action](), true;
  const name = task.labels[digitsOf(task.labels).indexOf(digit!)];
  if (name !== undefined) desk.choose(name);
  return name !== undefined;
}

const actions: Record<Exclude<Action, "answer">, () => void> = {
  accept: desk.accept,
  adopt: desk.adopt,
  skip: desk.skip,
  unsure: desk.unsure,
  undo: () => void desk.undo(),
  redo: () => void desk.redo(),
  flag: () => desk.note({ flag: !desk.visible.value?.note?.flag }),
  comment: () => toggle("comment"),
  why: () => toggle("why"),
  guidelines: () => toggle("guidelines"),
  find: () => toggle("find"),
  grid: () => desk.visible.value && showLike(desk.visible.value.id),
  hide: desk.toggleHidden,
  help: () => toggle("help"),
  close: closePanel,
};
