/** All keys, from the one table that the keys themselves are read from, and those of the view on the screen. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { bindings } from "../core/keys.ts";
import type { Group } from "../core/keys.ts";
import type { ViewKey } from "../views/contract.ts";
import { closePanel } from "./panels.ts";

/** Two columns of about the same height. */
const columns: readonly Group[][] = [["Answer", "Go back"], ["Look closer"]];

export function Help({ viewKeys }: { viewKeys: readonly ViewKey[] }) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the next key can arrive: until the dialog is modal, Escape would reach nobody.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const rows = (group: Group) => bindings.filter((one) => one.group === group).map((one) => [one.cap, one.name, one.hint] as const);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={closePanel} onClick={closeOutside}>
      <div class="help-body">
        <header class="aside-head">
          <h1 id="help-title">All keys</h1>
          <button class="button" onClick={() => dialog.current?.close()}>
            Close <kbd class="kbd">Esc</kbd>
          </button>
        </header>
        <div class="help-groups">
          {columns.map((column, place) => (
            <div key={place}>
              {column.map((group) => (
                <Keys key={group} title={group} rows={rows(group)} />
              ))}
              {place === 1 && viewKeys.length > 0 && <Keys title="This item" rows={viewKeys.map((one) => [one.key, one.hint, ""] as const)} />}
            </div>
          ))}
        </div>
      </div>
    </dialog>
  );
}

function Keys({ title, rows }: { title: string; rows: readonly (readonly [string, string, string])[] }) {
  return (
    <section>
      <h2>{title}</h2>
      <dl class="keys">
        {rows.map(([cap, name, hint]) => (
          <div key={cap}>
            <dt>
              <kbd class="kbd">{cap}</kbd>
            </dt>
            <dd>
              <strong>{name}</strong>
              {hint && <span class="quiet small">{hint}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function closeOutside(event: MouseEvent): void {
  if (event.target instanceof HTMLDialogElement) event.target.close();
}
