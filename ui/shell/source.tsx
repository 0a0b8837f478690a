/** Choosing the data of a new study: drop a file, choose one, or pick what lies under the server's root. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { bytes } from "../core/format.ts";
import { below, wayTo } from "../core/naming.ts";
import type { components } from "../types.ts";
import { get } from "./api.ts";
import { busy, dataError, forget, source, takeFile, takePath } from "./draft.ts";
import type { FileEntry } from "./draft.ts";

type Files = components["schemas"]["Files"];

const over = signal(false);
const folder = signal("");
const entries = signal<readonly FileEntry[] | null>(null);

export function SourceStep({ root }: { root: boolean }) {
  if (source.value) return <Chosen />;
  return (
    <>
      <Drop root={root} />
      {busy.value && <p role="status">{busy.value}…</p>}
      {dataError.value && <p class="line-error">{dataError.value}</p>}
      {root && <Browse />}
    </>
  );
}

function Chosen() {
  const { name, size } = source.value!;
  return (
    <>
      <p class="chosen-source">
        <strong dir="auto">{name}</strong> {size !== null && <span class="quiet">{bytes(size)}</span>}{" "}
        <button type="button" class="link-button" onClick={forget}>
          Choose other data
        </button>
      </p>
      {busy.value && <p role="status">{busy.value}…</p>}
      {dataError.value && <p class="line-error">{dataError.value}</p>}
    </>
  );
}

function Drop({ root }: { root: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <div
      class={over.value ? "drop over" : "drop"}
      onDragOver={(event) => (event.preventDefault(), (over.value = true))}
      onDragLeave={() => (over.value = false)}
      onDrop={(event) => (event.preventDefault(), dropped(event.dataTransfer, root))}
    >
      <p class="drop-title">Drop a file here</p>
      <p class="quiet">A table (.csv, .tsv, .parquet, .jsonl) with one item a row: texts, numbers, or both.</p>
      <button type="button" class="button primary" disabled={busy.value !== ""} onClick={() => field.current?.click()}>
        Choose a file
      </button>
      <input ref={field} hidden type="file" aria-label="File of data" onChange={(event) => sent(event.currentTarget)} />
      {!root && (
        <p class="quiet small">
          A folder of images stays where it is: run <code>querist new cells.querist images/</code>, or start the app with{" "}
          <code>--root FOLDER</code> to choose it here.
        </p>
      )}
    </div>
  );
}

function sent(input: HTMLInputElement): void {
  const file = input.files?.[0];
  // Emptied, so that the same file can be chosen again after it was mended.
  if (file) void takeFile(file).finally(() => (input.value = ""));
}

function dropped(data: DataTransfer | null, root: boolean): void {
  over.value = false;
  const files = [...(data?.files ?? [])];
  const isFolder = data?.items[0]?.webkitGetAsEntry?.()?.isDirectory ?? false;
  if (isFolder) dataError.value = `A folder cannot be dropped: ${root ? "pick it below" : "run `querist new` on it, or start the app with --root"}.`;
  else if (files.length > 1) dataError.value = `One file at a time: ${files.length} were dropped.`;
  else if (files[0]) void takeFile(files[0]);
}

function Browse() {
  useEffect(() => void open(folder.value), []);
  return (
    <section class="browse" aria-label="Files under the root">
      <p class="way">
        {wayTo(folder.value).map(({ name, path }, at) => (
          <span key={path}>
            {at > 0 && " / "}
            <button type="button" class="link-button" onClick={() => void open(path)}>
              {name}
            </button>
          </span>
        ))}
        <button type="button" class="button small" onClick={() => void takePath(folder.value, null)}>
          Use this folder
        </button>
      </p>
      <ul>{entries.value?.map((entry) => <Line key={entry.name} entry={entry} />)}</ul>
      {entries.value?.length === 0 && <p class="quiet">This folder is empty.</p>}
    </section>
  );
}

function Line({ entry: { name, kind, size } }: { entry: FileEntry }) {
  const path = below(folder.value, name);
  const go = () => void (kind === "folder" ? open(path) : takePath(path, size));
  return (
    <li>
      <button type="button" class="file" onClick={go}>
        <Icon kind={kind} />
        <span dir="auto">{name}</span>
        <span class="quiet">{kind === "file" ? bytes(size) : ""}</span>
      </button>
    </li>
  );
}

function Icon({ kind }: { kind: FileEntry["kind"] }) {
  const path = kind === "folder" ? "M2 5h5l2 2h9v9H2z" : "M5 2h7l4 4v12H5zM12 2v4h4";
  return (
    <svg viewBox="0 0 20 20" width="18" height="18" role="img" aria-label={kind}>
      <path d={path} fill="none" stroke="currentColor" stroke-width="1.4" stroke-linejoin="round" />
    </svg>
  );
}

async function open(path: string): Promise<void> {
  dataError.value = "";
  try {
    entries.value = (await get<Files>(`/api/files?path=${encodeURIComponent(path)}`)).entries;
    folder.value = path;
  } catch (error) {
    dataError.value = error instanceof Error ? error.message : String(error);
  }
}
