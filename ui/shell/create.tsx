/** A new study: choose the data, see what was read, say what to label, give it a name. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { counted } from "../core/format.ts";
import { tasksOf } from "../core/naming.ts";
import type { Session } from "../core/types.ts";
import {
  busy,
  catalogue,
  extra,
  lacking,
  lookAgain,
  make,
  makeError,
  names,
  namesText,
  openCatalogue,
  preview,
  source,
  studyName,
  task,
  typedName,
  typedNames,
} from "./draft.ts";
import { PreviewStep } from "./preview.tsx";
import { SourceStep } from "./source.tsx";

export function Create({ session }: { session: Session }) {
  useEffect(() => void openCatalogue(), []);
  return (
    <main class="page create">
      <h1>New study</h1>
      <p class="sentence quiet">
        A study is one file that remembers every answer. Label a few items; the model learns, and asks next for those that teach it most.
      </p>
      <form onSubmit={(event) => (event.preventDefault(), void make())} noValidate>
        <Step number={1} title="Data">
          <SourceStep root={session.root} />
          {preview.value && <PreviewStep preview={preview.value} />}
        </Step>
        <Step number={2} title="What to label">
          <Tasks />
          <Names />
        </Step>
        <Step number={3} title="Name">
          <label>
            <span class="hidden-text">Name of the study</span>
            <input
              class="field short"
              value={studyName.value}
              maxLength={80}
              placeholder="cells"
              onInput={(event) => (typedName.value = event.currentTarget.value)}
            />
          </label>
          <Extra />
        </Step>
        <Finish />
      </form>
    </main>
  );
}

function Step({ number, title, children }: { number: number; title: string; children: ComponentChildren }) {
  return (
    <section class="step" aria-labelledby={`step-${number}`}>
      <h2 id={`step-${number}`}>
        <span class="step-number" aria-hidden="true">
          {number}
        </span>
        {title}
      </h2>
      <div>{children}</div>
    </section>
  );
}

function Tasks() {
  return (
    <fieldset class="tasks">
      <legend class="hidden-text">Kind of label</legend>
      {tasksOf(catalogue.value?.tasks).map(({ name, line }) => (
        <label key={name} class="task">
          <input type="radio" name="task" value={name} checked={task.value === name} onChange={() => pickTask(name)} />
          <span>
            <strong>{name}</strong>
            <span class="quiet small">{line}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function pickTask(name: string): void {
  task.value = name;
  if (source.value) void lookAgain();
}

function Names() {
  const found = names.value.length;
  const keys = found > 9 ? "the first nine answer to the keys 1–9, the others to /" : found > 0 ? `keys 1–${found}` : "the keys follow this order";
  return (
    <label class="names">
      <span>
        Classes, one a line <span class="quiet small">{found > 0 ? `${counted(found, "class", "classes")}: ${keys}` : keys}</span>
      </span>
      <textarea
        class="field short"
        rows={Math.min(12, Math.max(4, found + 1))}
        value={namesText.value}
        placeholder={"benign\nmalignant\nartefact"}
        onInput={(event) => (typedNames.value = event.currentTarget.value)}
      />
    </label>
  );
}

function Extra() {
  const known = catalogue.value;
  if (!known) return null;
  const set = (change: Partial<typeof extra.value>) => (extra.value = { ...extra.value, ...change });
  return (
    <details class="extra">
      <summary>Model and strategy</summary>
      <div class="roles">
        <Choice name="Learner" value={extra.value.learner} of={known.learners} pick={(learner) => set({ learner })} />
        <Choice name="Strategy" value={extra.value.strategy} of={known.strategies} pick={(strategy) => set({ strategy })} />
        <label>
          Answers between models
          <input
            class="field"
            type="number"
            min={1}
            max={10000}
            placeholder="chosen for you"
            value={extra.value.batch}
            onInput={(event) => set({ batch: event.currentTarget.value })}
          />
        </label>
      </div>
    </details>
  );
}

interface ChoiceGiven {
  name: string;
  value: string;
  of: readonly { name: string; line: string }[];
  pick: (value: string) => void;
}

function Choice({ name, value, of, pick }: ChoiceGiven) {
  const line = of.find((one) => one.name === value)?.line;
  return (
    <label>
      {name}
      <select class="field" value={value} onChange={(event) => pick(event.currentTarget.value)}>
        <option value="">chosen for you</option>
        {of.map((one) => (
          <option key={one.name} value={one.name}>
            {one.name}
          </option>
        ))}
      </select>
      {line && <span class="quiet small">{line}</span>}
    </label>
  );
}

const intoView = (line: HTMLElement | null) => line?.scrollIntoView({ block: "nearest" });

function Finish() {
  return (
    <div class="finish">
      <button class="button primary large" disabled={busy.value !== ""}>
        {busy.value === "Making the study" ? "Making the study…" : "Make the study and label"}
      </button>
      {makeError.value ? (
        <p class="line-error" role="alert" ref={intoView}>
          {makeError.value}
        </p>
      ) : (
        <p class="quiet">{lacking.value ?? "Ready."}</p>
      )}
    </div>
  );
}
