/** The map of the pool: where its items lie to each other, coloured, and labels for what is drawn around. */
import { useEffect, useRef } from "preact/hooks";
import { classAt } from "../core/digits.ts";
import { latin } from "../core/press.ts";
import type { ColourBy } from "../core/picked.ts";
import type { Session, Study } from "../core/types.ts";
import { facts, now, training } from "./facts.ts";
import { choose, colourBy, columns, failure, heard, info, picked, places, read, redraw, said, search, selection } from "./map-data.ts";
import { Opened, Preview } from "./map-item.tsx";
import { labelAll, undo } from "./map-label.ts";
import { followTheme } from "./map-palette.ts";
import { Legend, Listing, Selection } from "./map-side.tsx";
import { camera, cancelOutline, fit, MapView, opened, size, tool } from "./map-view.tsx";
import type { Tool } from "./map-view.tsx";
import { zoomed } from "../core/cloud.ts";

const LOOK_AGAIN = 1_000;

export function MapScreen({ session }: { session: Session }) {
  const study = session.study!;
  useEffect(() => followTheme(study.task.labels.length), [study]);
  useEffect(() => void read(), [facts.value?.labelled, facts.value?.round, training.value.state, now.value]);
  useEffect(() => awaitDrawing(), [info.value]);
  useEffect(() => listenToKeys(study), [study]);
  return (
    <main class="map-screen">
      <h1 class="hidden-text">Map of {study.name}</h1>
      <Bar />
      <div class="map-body">
        <div class="map-room">
          {places.value.length > 0 ? <MapView /> : <Nothing />}
          {places.value.length > 0 && <Preview image={study.view === "image"} />}
          {places.value.length > 0 && <Zoom />}
        </div>
        <aside class="map-side" aria-label="Beside the map">
          <Legend labels={study.task.labels} />
          <Opened study={study} />
          <Selection schema={study.task} />
          <p class="small map-said" role="status">
            {said.value}
          </p>
          <p class="hidden-text" role="status">
            {heard.value}
          </p>
          {failure.value && <p class="line-error">{failure.value}</p>}
          {columns.value && <Listing />}
        </aside>
      </div>
    </main>
  );
}

/** While a map is drawn, or is older than the model, look again. */
function awaitDrawing(): (() => void) | undefined {
  const found = info.value;
  if (!found || (found.state !== "drawing" && !found.stale)) return;
  const wait = setTimeout(() => void read(), LOOK_AGAIN);
  return () => clearTimeout(wait);
}

function Nothing() {
  const found = info.value;
  const failed = found?.state === "failed";
  return (
    <div class="nothing">
      <h2>{failed ? "There is no map" : "The map is being drawn"}</h2>
      <p class={failed ? "line-error" : "quiet"}>
        {failed ? found.message : failure.value || "The training process places the items, so that like lies by like. This takes some seconds."}
      </p>
      {failed && (
        <button class="button" onClick={() => void redraw()}>
          Try again
        </button>
      )}
    </div>
  );
}

const colours: readonly (readonly [ColourBy, string])[] = [
  ["label", "label"],
  ["predicted", "what the model says"],
  ["uncertainty", "uncertainty"],
  ["round", "round labelled"],
];

const tools: readonly (readonly [Tool, string, string])[] = [
  ["move", "Move", "M"],
  ["lasso", "Lasso", "L"],
  ["rectangle", "Rectangle", "R"],
];

function Bar() {
  return (
    <div class="map-bar">
      <div class="map-tools" role="group" aria-label="What a drag does">
        {tools.map(([name, title, cap]) => (
          <button key={name} class="other" aria-pressed={tool.value === name} aria-keyshortcuts={cap} onClick={() => (tool.value = name)}>
            <kbd class="kbd" aria-hidden="true">
              {cap}
            </kbd>
            {title.toLowerCase()}
          </button>
        ))}
      </div>
      <label class="map-by">
        <span class="quiet">colour by</span>
        <select class="field" value={colourBy.value} onChange={(event) => (colourBy.value = event.currentTarget.value as ColourBy)}>
          {colours.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Search />
      <span class="grow" />
      <About />
    </div>
  );
}

function Search() {
  const field = useRef<HTMLInputElement>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    const words = field.current!.value.trim();
    if (words) void search(words);
    else choose([]);
  };
  return (
    <form class="map-search" role="search" onSubmit={submit}>
      <input ref={field} id="map-search" class="field" type="search" aria-label="Search by text or id" placeholder="search text or id  /" />
      <button class="button">Find</button>
    </form>
  );
}

function About() {
  const found = info.value;
  if (!found?.version) return null;
  const how = found.method === "umap" ? "UMAP" : "PCA";
  return (
    <span class="facts">
      {how}, model v{found.round}
      {found.state === "drawing" ? " · being drawn anew" : found.stale && ` · ${found.stale}`}
    </span>
  );
}

function Zoom() {
  const by = (factor: number) => {
    if (camera.value) camera.value = zoomed(camera.value, size.value, { x: size.value.width / 2, y: size.value.height / 2 }, factor);
  };
  return (
    <div class="map-zoom" role="group" aria-label="Zoom">
      <button class="icon-button" aria-label="Closer" title="Closer (+)" onClick={() => by(1.5)}>
        +
      </button>
      <button class="icon-button" aria-label="Farther" title="Farther (−)" onClick={() => by(1 / 1.5)}>
        −
      </button>
      <button class="icon-button" aria-label="Show all" title="Show all (0)" onClick={fit}>
        0
      </button>
    </div>
  );
}

/** Keys of the whole screen; those of the canvas are its own. */
function listenToKeys(study: Study): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.defaultPrevented || event.altKey || event.repeat || target.closest("input, textarea, select")) return;
    if (!(event.ctrlKey || event.metaKey ? latin(event) === "z" && run("z") : pressed(event, study))) return;
    event.preventDefault();
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}

function pressed(event: KeyboardEvent, study: Study): boolean {
  const at = classAt(study.task.labels, event);
  const name = at === null ? undefined : study.task.labels[at];
  if (name !== undefined && study.task.type === "classification" && selection.value.length > 0) {
    void labelAll(picked.value, name);
    return true;
  }
  return run(latin(event));
}

function run(key: string): boolean {
  const found = keys[key];
  found?.();
  return found !== undefined;
}

const keys: Record<string, () => void> = {
  m: () => (tool.value = "move"),
  l: () => (tool.value = "lasso"),
  r: () => (tool.value = "rectangle"),
  z: () => void undo(),
  "/": () => document.getElementById("map-search")?.focus(),
  escape: () => {
    if (cancelOutline()) return;
    if (opened.value >= 0) opened.value = -1;
    else choose([]);
  },
};
