/** All keys, from the one table that the keys themselves are read from, and those of the view; here they are changed. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { bindings, chord } from "../core/keys.ts";
import type { Group } from "../core/keys.ts";
import { chordOf } from "../core/press.ts";
import type { Deed } from "../core/rebind.ts";
import { capNow, chordOfCap, chosen } from "../core/rebind.ts";
import type { ViewKey } from "../views/contract.ts";
import { changedKeys, changeKeys } from "./bound.ts";
import { closePanel } from "./panels.ts";

/** Two columns of about the same height. */
const columns: readonly Group[][] = [["Answer", "Go back"], ["Look closer"]];

interface Row {
  /** What is on the key by itself. */
  cap: string;
  name: string;
  hint: string;
  /** The chord, where it can be changed. */
  chord: string | null;
}

const FIXED = ["answer", "close"];

const shellRows = (group: Group): Row[] =>
  bindings
    .filter((one) => one.group === group)
    .map((one) => ({ cap: one.cap, name: one.name, hint: one.hint, chord: FIXED.includes(one.action) ? null : chord(one) }));

const viewRows = (keys: readonly ViewKey[]): Row[] =>
  keys.map(({ key, hint }) => ({ cap: key, name: hint, hint: "", chord: chordOfCap(key) }));

export function Help({ viewKeys }: { viewKeys: readonly ViewKey[] }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const asking = useSignal<Deed | null>(null);
  const told = useSignal("");
  // Before the next key can arrive: until the dialog is modal, Escape would reach nobody.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const groups = columns.map((column, place) => [
    ...column.map((group) => ({ title: group as string, rows: shellRows(group) })),
    ...(place === 1 && viewKeys.length > 0 ? [{ title: "This item", rows: viewRows(viewKeys) }] : []),
  ]);
  const deeds = groups.flat().flatMap(({ rows }) => rows.flatMap(({ chord, name }) => (chord === null ? [] : [{ chord, name }])));
  const ask = (deed: Deed) => {
    asking.value = asking.value?.chord === deed.chord ? null : deed;
    told.value = asking.value ? `Press the new key for “${deed.name}”, or Esc to leave it.` : "";
  };
  const heard = (event: KeyboardEvent) => {
    if (!asking.value || event.ctrlKey || event.metaKey || MODIFIERS.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const deed = asking.value;
    const changes = event.key === "Escape" ? changedKeys.value : chosen(deed, chordOf(event), deeds);
    if (typeof changes === "string") return void (told.value = changes);
    changeKeys(changes);
    asking.value = null;
    told.value = `“${deed.name}” is ${capNow(deed.chord)}.`;
  };
  const reset = () => (changeKeys({}), (told.value = "All keys are as they were."));
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={closePanel} onClick={closeOutside} onKeyDown={heard}>
      <div class="help-body">
        <header class="aside-head">
          <h1 id="help-title">All keys</h1>
          <button class="button" onClick={() => dialog.current?.close()}>
            Close <kbd class="kbd">Esc</kbd>
          </button>
        </header>
        <p class="help-told" role="status">
          {told.value || "Press a key below to change it."}
        </p>
        <div class="help-groups">
          {groups.map((column, place) => (
            <div key={place}>
              {column.map(({ title, rows }) => (
                <Keys key={title} title={title} rows={rows} asking={asking.value?.chord ?? null} ask={ask} />
              ))}
            </div>
          ))}
        </div>
        {Object.keys(changedKeys.value).length > 0 && (
          <button class="button" onClick={reset}>
            All keys as they were
          </button>
        )}
      </div>
    </dialog>
  );
}

const MODIFIERS = ["Shift", "Control", "Alt", "Meta", "AltGraph", "Tab"];

interface Asked {
  asking: string | null;
  ask(deed: Deed): void;
}

function Keys({ title, rows, ...asked }: { title: string; rows: readonly Row[] } & Asked) {
  return (
    <section>
      <h2>{title}</h2>
      <dl class="keys">
        {rows.map((row) => (
          <div key={row.cap}>
            <dt>{row.chord === null ? <kbd class="kbd">{row.cap}</kbd> : <Change chord={row.chord} name={row.name} {...asked} />}</dt>
            <dd>
              <strong>{row.name}</strong>
              {row.hint && <span class="quiet small">{row.hint}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Change({ chord, name, asking, ask }: Deed & Asked) {
  const cap = capNow(chord);
  const classes = ["kbd", "kbd-change", ...(chord in changedKeys.value ? ["changed"] : [])];
  return (
    <button class={classes.join(" ")} aria-pressed={asking === chord} aria-label={`${cap}: change the key of ${name}`} onClick={() => ask({ chord, name })}>
      {asking === chord ? "…" : cap}
    </button>
  );
}

function closeOutside(event: MouseEvent): void {
  if (event.target instanceof HTMLDialogElement) event.target.close();
}
