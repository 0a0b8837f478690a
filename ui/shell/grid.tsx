/** The grid: similar items side by side, chosen by click or keys, labelled many at once. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { digitsOf } from "../core/digits.ts";
import { confidence, count, counted, labelText } from "../core/format.ts";
import { all, led, moved, none, toggled } from "../core/grid.ts";
import { command } from "../core/keys.ts";
import { taskType } from "../core/types.ts";
import type { Label, Name, Session, Study } from "../core/types.ts";
import { Cap } from "./answers.tsx";
import { openKeys } from "./bound.ts";
import { failure } from "./desk.ts";
import { wish } from "./grid-wish.ts";
import { begin, canShowMore, done, give, look, pick, picked, showMore, shown, size, undo, want } from "./gridding.ts";
import type { Tile } from "./gridding.ts";
import { Notices } from "./notices.tsx";

const BY_HAND = ["spans", "boxes", "particles"];

export function GridScreen({ session }: { session: Session }) {
  const study = session.study!;
  const many = !BY_HAND.includes(taskType(study.task));
  const several = useSignal<Label>([]);
  useEffect(() => openKeys(session.who), [session]);
  useEffect(() => void begin(session).then(look), [session]);
  useEffect(() => void (wish.value && look()), [wish.value, size.value]);
  useEffect(() => (many ? listen(study, several) : undefined), [study]);
  return (
    <div class="desk">
      <main class="desk-main">
        <div class="grid-page">
          <h1 class="hidden-text">Label many of {study.name}</h1>
          <Wishes study={study} />
          {!many && <p class="quiet">Many at once works where an answer is a class or several. Here each item is marked by hand, on the labelling screen.</p>}
          <Tiles study={study} many={many} />
        </div>
        <Notices study={study.name} />
      </main>
      {many && <Bar study={study} several={several} />}
    </div>
  );
}

function Wishes({ study }: { study: Study }) {
  const known = shown.value;
  const wanted = wish.value;
  const sizes = Object.entries(known?.sizes ?? {});
  return (
    <div class="wishes">
      <input
        class="field grid-search"
        type="search"
        aria-label="Search items by their text or id"
        placeholder="search text or id"
        value={wanted?.by === "search" ? wanted.value : ""}
        onInput={(event) => want({ by: "search", value: event.currentTarget.value, ids: [] })}
      />
      {sizes.length > 0 && (
        <div class="wish-classes" role="group" aria-label={`Items that the model holds for a class of ${study.name}`}>
          <span class="quiet small">model says</span>
          {sizes.map(([name, n]) => (
            <button
              key={name}
              class="kind"
              aria-pressed={wanted?.by === "class" && wanted.value === name}
              onClick={() => want({ by: "class", value: name, ids: [] })}
            >
              {name} <span class="kind-count">{count(n)}</span>
            </button>
          ))}
        </div>
      )}
      {known && (
        <p class="wishes-words">
          <strong>{count(known.total)}</strong> <span class="quiet">{[`${known.sentence}`, known.left_out].filter(Boolean).join("; ")}</span>
        </p>
      )}
    </div>
  );
}

function Tiles({ study, many }: { study: Study; many: boolean }) {
  const list = useRef<HTMLDivElement>(null);
  const known = shown.value;
  const { at } = picked.value;
  useLayoutEffect(() => {
    const inside = list.current?.contains(document.activeElement) || document.activeElement === document.body;
    if (inside) list.current?.querySelectorAll<HTMLElement>("[role=option]")[at]?.focus();
  }, [at, known]);
  if (!known) return null;
  if (known.tiles.length === 0) return <p class="quiet grid-nothing">{failure.value ? "" : "No open item is left here. Search for others, or choose a class above."}</p>;
  return (
    <>
      <div
        ref={list}
        class={`tiles${known.tiles[0]!.image ? " tiles-images" : ""}`}
        role="listbox"
        aria-multiselectable="true"
        aria-label="Items; Space chooses one, Shift with arrows several"
        onKeyDown={(event) => many && steer(event, list.current!)}
      >
        {known.tiles.map((tile, place) => (
          <TileView key={tile.id} tile={tile} place={place} here={place === at} many={many} study={study} />
        ))}
      </div>
      {canShowMore() && (
        <button class="button grid-more" onClick={showMore}>
          Show more
        </button>
      )}
    </>
  );
}

function TileView({ tile, place, here, many, study }: { tile: Tile; place: number; here: boolean; many: boolean; study: Study }) {
  const chosen = picked.value.chosen.has(tile.id);
  const hue = study.task.labels.findIndex((name) => name === tile.predicted);
  const words = tile.image ? tile.id : tile.text || tile.id;
  const onClick = (event: MouseEvent) => {
    if (many) pick(event.shiftKey ? moved(picked.value, place, ids(), true) : toggled(picked.value, place, ids()));
  };
  return (
    <div class="tile" role="option" aria-selected={chosen} aria-label={words} data-id={tile.id} tabIndex={here ? 0 : -1} onClick={onClick}>
      {tile.image ? <img src={`${tile.image}?width=160`} alt="" loading="lazy" /> : <span class="tile-text" dir="auto">{words}</span>}
      {tile.predicted !== null && (
        <span class={`tile-says small hue-${(Math.max(0, hue) % 8) + 1}`}>
          <span class="tile-dot" aria-hidden="true" /> {tile.predicted} {tile.chance !== null && <span class="quiet">{confidence(tile.chance)}</span>}
        </span>
      )}
      <span class="tile-tick" aria-hidden="true">
        {chosen ? "✓" : ""}
      </span>
    </div>
  );
}

const ids = (): string[] => shown.value?.tiles.map((tile) => tile.id) ?? [];

/** Arrows, Home and End move; with Shift they choose; Space switches, Ctrl A chooses all, Escape none, L looks for the like. */
function steer(event: KeyboardEvent, list: HTMLElement): void {
  const options = [...list.querySelectorAll<HTMLElement>("[role=option]")];
  const columns = options.filter((one) => one.offsetTop === options[0]?.offsetTop).length || 1;
  const to = led(event.key, { at: picked.value.at, columns, count: options.length });
  if (to !== null) pick(moved(picked.value, to, ids(), event.shiftKey));
  else if (event.key === " ") pick(toggled(picked.value, picked.value.at, ids()));
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) pick(all(picked.value, ids()));
  else if (event.key === "Escape") pick(none(picked.value));
  else if (event.key === "l" && !event.ctrlKey && !event.metaKey && !event.altKey) like(ids()[picked.value.at]);
  else return;
  event.preventDefault();
}

const like = (id: string | undefined): void => {
  if (id !== undefined) want({ by: "like", value: id, ids: [] });
};

function Bar({ study, several }: { study: Study; several: { value: Label } }) {
  const chosen = picked.value.chosen.size;
  const digits = digitsOf(study.task.labels);
  const sets = taskType(study.task) === "multilabel";
  return (
    <section class="answers" aria-label="Label what is chosen">
      <div class="answers-row">
        <p class="grid-chosen" aria-live="polite">
          <strong>{counted(chosen, "item")}</strong> chosen
        </p>
        <span class="quiet small">
          Items of the audit never stand here: each of them is an independent look, one by one, when it is asked.
        </span>
      </div>
      <div class="answers-row">
        <div class="choices" role="group" aria-label="Classes">
          {study.task.labels.map((name, place) => (
            <button
              key={name}
              class={`choice hue-${(place % 8) + 1}`}
              disabled={chosen === 0}
              aria-pressed={sets ? (several.value as Name[]).includes(name) : undefined}
              onClick={() => answer(name, study, several)}
            >
              {digits[place] && (
                <kbd class="kbd" aria-hidden="true">
                  {digits[place]}
                </kbd>
              )}
              <span class="choice-name">{name}</span>
            </button>
          ))}
          {sets && (
            <button class="button primary" disabled={chosen === 0} onClick={() => submit(several)}>
              <Cap action="accept" /> {labelText(several.value)} for all
            </button>
          )}
        </div>
        <div class="others">
          <Other cap="Space" name="choose" run={() => pick(toggled(picked.value, picked.value.at, ids()))} />
          <Other cap="Ctrl A" name="all" run={() => pick(all(picked.value, ids()))} />
          <Other cap="Esc" name="none" run={() => pick(none(picked.value))} />
          <Other cap="L" name="like this" run={() => like(ids()[picked.value.at])} />
          <Other cap="Z" name="undo" run={undo} off={done.value.length === 0} />
        </div>
      </div>
    </section>
  );
}

function Other({ cap, name, run, off }: { cap: string; name: string; run(): void; off?: boolean }) {
  return (
    <button class="other" disabled={off} onClick={run}>
      <kbd class="kbd" aria-hidden="true">
        {cap}
      </kbd>
      {name}
    </button>
  );
}

/** One class for all that is chosen; where items have several, a class is switched, and Enter gives the set. */
function answer(name: Name, study: Study, several: { value: Label }): void {
  if (taskType(study.task) === "classification") return give(name);
  const set = several.value as Name[];
  const on = !set.includes(name);
  several.value = study.task.labels.filter((label) => (label === name ? on : set.includes(label))) as Label;
}

function submit(several: { value: Label }): void {
  give(several.value);
  several.value = [];
}

/** Digits label and Z takes back wherever the keys are, but in the search. */
function listen(study: Study, several: { value: Label }): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || (event.target as Element).closest?.("input, textarea, select")) return;
    const pressed = command(event);
    if (pressed?.action === "undo") undo();
    else if (pressed?.action === "accept" && taskType(study.task) === "multilabel" && !(event.target as Element).closest?.("button, a")) submit(several);
    else if (pressed?.action === "answer") {
      const name = study.task.labels[digitsOf(study.task.labels).indexOf(pressed.digit!)];
      if (name === undefined) return;
      answer(name, study, several);
    } else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}
