/** The answer bar: what the model says, the classes, and the other answers. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { TargetedMouseEvent } from "preact";
import { ago, confidence, labelText } from "../core/format.ts";
import { digitsOf } from "../core/digits.ts";
import { binding } from "../core/keys.ts";
import type { Action } from "../core/keys.ts";
import { taskType } from "../core/types.ts";
import type { Item, Label, Name, Schema, Study } from "../core/types.ts";
import { accept, acceptable, adopt, choose, draft, hidden, note, skip, suggested, toggleHidden, undo, unsure, visible } from "./desk.ts";
import { closePanel, panel, toggle } from "./panels.ts";

export function AnswerBar({ study, drawsLabels }: { study: Study; drawsLabels: boolean }) {
  const item = visible.value;
  return (
    <section class="answers" aria-label="Answer">
      <div class="answers-row">
        <Says item={item} />
        <Marks item={item} />
        <span class="grow" />
        <EnterHint schema={study.task} />
      </div>
      {panel.value === "comment" && item && <Comment key={item.id} item={item} />}
      <div class="answers-row">
        {drawsLabels ? <span class="grow" /> : <Choices schema={study.task} item={item} />}
        <Others />
      </div>
    </section>
  );
}

function Says({ item }: { item: Item | null }) {
  if (!item) return <span class="says quiet">&nbsp;</span>;
  if (hidden.value) {
    return (
      <button class="says link-button quiet" onClick={mouse(toggleHidden)}>
        suggestions hidden, show <Cap action="hide" />
      </button>
    );
  }
  const suggestion = item.suggestion;
  if (!suggestion) return <span class="says quiet">no suggestion for this item</span>;
  const words = labelText(suggested());
  return (
    <span class="says">
      <span class="quiet">model says</span> <strong class="says-label">{words}</strong>
      {suggestion.confidence !== null && <Bar share={suggestion.confidence} />}
      <span class="quiet small says-age">
        v{suggestion.round}, {ago(suggestion.age_seconds)}
      </span>
      <button class="link-button quiet small" onClick={mouse(toggleHidden)} title={binding("hide").hint}>
        hide <Cap action="hide" />
      </button>
    </span>
  );
}

function Bar({ share }: { share: number }) {
  return (
    <>
      <span class="says-number">{confidence(share)}</span>
      <span class="certainty" aria-hidden="true">
        <span class="certainty-fill" style={{ width: `${100 * share}%` }} />
      </span>
    </>
  );
}

function Marks({ item }: { item: Item | null }) {
  return (
    <>
      {item?.audit && (
        <span class="audit" tabIndex={0} role="img" aria-label="Audit item: picked at random, to measure honestly">
          <span class="tip">picked at random, to measure honestly</span>
        </span>
      )}
      {item?.note?.flag && <span class="mark">flagged</span>}
      {item?.note?.comment && (
        <button class="mark" onClick={() => toggle("comment")} title={item.note.comment}>
          comment
        </button>
      )}
    </>
  );
}

/** What Enter does just now, in words. */
function EnterHint({ schema }: { schema: Schema }) {
  const label = acceptable();
  if (!visible.value || label === null) return null;
  return (
    <button class={`link-button enter-hint${isSingle(schema) ? " single" : ""}`} onClick={mouse(accept)}>
      <Cap action="accept" /> {enterWord(schema)}
      <span class="third">s</span>
      {enterWhat(label)}
    </button>
  );
}

const isSingle = (schema: Schema): boolean => taskType(schema) === "classification";

function enterWord(schema: Schema): string {
  if (draft.value !== null) return isSingle(schema) ? "keep" : "submit";
  return visible.value?.suggestion && !hidden.value ? "accept" : "submit";
}

function enterWhat(label: Label): string {
  if (draft.value !== null) return ` ${labelText(label)}`;
  return visible.value?.suggestion && !hidden.value ? "" : ` ${labelText(label)}`;
}

function Choices({ schema, item }: { schema: Schema; item: Item | null }) {
  const several = taskType(schema) === "multilabel";
  const [sought, seek] = useState("");
  const matches = schema.labels.filter((name) => String(name).toLowerCase().includes(sought.toLowerCase()));
  const pick = (name: Name) => (choose(name), seek(""), closePanel());
  const digits = digitsOf(schema.labels);
  const placeOf = (name: Name) => schema.labels.indexOf(name);
  return (
    <div class="choices" role="group" aria-label={several ? "Classes, any number of them" : "Classes"}>
      {panel.value === "find" && <Find value={sought} onInput={seek} onPick={() => matches[0] !== undefined && pick(matches[0])} />}
      {(panel.value === "find" ? matches : schema.labels).map((name) => (
        <Choice key={name} name={name} place={placeOf(name)} digit={digits[placeOf(name)]!} item={item} />
      ))}
    </div>
  );
}

function Find(props: { value: string; onInput(value: string): void; onPick(): void }) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") props.onPick();
    if (event.key === "Escape") closePanel();
  };
  return (
    <input
      ref={field}
      class="field find"
      aria-label="Find a class"
      placeholder="part of a name, then Enter"
      value={props.value}
      onInput={(event) => props.onInput(event.currentTarget.value)}
      onKeyDown={onKeyDown}
    />
  );
}

function Choice({ name, place, digit, item }: { name: Name; place: number; digit: string; item: Item | null }) {
  const chosen = includes(draft.value, name);
  const suggested = !hidden.value && includes(item?.suggestion?.label ?? null, name);
  const key = digit || undefined;
  return (
    <button
      class={`choice hue-${(place % 8) + 1}${suggested ? " suggested" : ""}`}
      disabled={!item}
      aria-pressed={chosen}
      aria-keyshortcuts={key}
      onClick={mouse(() => choose(name))}
    >
      {key && (
        <kbd class="kbd" aria-hidden="true">
          {key}
        </kbd>
      )}
      <span class="choice-name">{name}</span>
      {suggested && <span class="hidden-text">, suggested by the model</span>}
    </button>
  );
}

function includes(label: Label | null, name: Name): boolean {
  return Array.isArray(label) ? (label as Name[]).includes(name) : label === name;
}

function Others() {
  const off = !visible.value;
  const several = acceptable() !== null && typeof acceptable() === "object" && visible.value?.suggestion;
  return (
    <div class="others">
      {several && <Other action="adopt" run={adopt} off={off} />}
      <Other action="skip" run={skip} off={off} />
      <Other action="unsure" run={unsure} off={off} />
      <Other action="flag" run={() => note({ flag: !visible.value?.note?.flag })} off={off} pressed={visible.value?.note?.flag ?? false} />
      <Other action="comment" run={() => toggle("comment")} off={off} />
      <Other action="undo" run={() => void undo()} off={false} />
    </div>
  );
}

function Other(props: { action: Action; run(): void; off: boolean; pressed?: boolean }) {
  const { name, hint, cap } = binding(props.action);
  return (
    <button
      class="other"
      disabled={props.off}
      title={hint}
      aria-keyshortcuts={cap}
      aria-pressed={props.pressed}
      onClick={mouse(props.run)}
    >
      <kbd class="kbd" aria-hidden="true">
        {cap}
      </kbd>
      {name.toLowerCase()}
    </button>
  );
}

function Comment({ item }: { item: Item }) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const save = () => (note({ comment: field.current!.value.trim() }), closePanel());
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") save();
    if (event.key === "Escape") closePanel();
  };
  return (
    <div class="comment">
      <input
        ref={field}
        class="field"
        aria-label="Comment on this item"
        placeholder="a note beside this item"
        defaultValue={item.note?.comment ?? ""}
        onKeyDown={onKeyDown}
      />
      <button class="button" onClick={save}>
        Save
      </button>
    </div>
  );
}

export function Cap({ action }: { action: Action }) {
  return <kbd class="kbd">{binding(action).cap}</kbd>;
}

/** After a click with the mouse the focus goes back to the page: Enter then accepts, and does not press the button again. */
function mouse(run: () => void): (event: TargetedMouseEvent<HTMLButtonElement>) => void {
  return (event) => {
    if (event.detail > 0) event.currentTarget.blur();
    run();
  };
}
