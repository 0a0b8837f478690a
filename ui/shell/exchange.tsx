/** Labels out as a file, and labels in from one. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { counted } from "../core/format.ts";
import type { components } from "../types.ts";
import { get, post, upload } from "./api.ts";
import { SkippedList } from "./skipped.tsx";

type Catalogue = components["schemas"]["Catalogue"];
type Entry = components["schemas"]["Entry"];
type Imported = components["schemas"]["Imported"];
type Uploaded = components["schemas"]["Uploaded"];

/** The format that keeps everything, and reads back equal: what to export when nobody says otherwise. */
const WHOLE = "jsonl";

const formats = signal<readonly Entry[]>([]);
const chosen = signal("");
const file = signal<File | null>(null);
const busy = signal(false);
const came = signal<Imported | null>(null);
const failed = signal("");

export function Exchange({ labelled, done }: { labelled: number; done: () => void }) {
  useEffect(() => void list(), []);
  if (formats.value.length === 0) return failed.value ? <p class="line-error">{failed.value}</p> : null;
  const name = chosen.value || (formats.value.find((one) => one.name === WHOLE) ?? formats.value[0]!).name;
  const line = formats.value.find((one) => one.name === name)?.line;
  return (
    <section class="panel wide" aria-labelledby="exchange-title">
      <h2 id="exchange-title">Labels out and in</h2>
      <div class="exchange">
        <label>
          Format
          <select class="field" value={name} onChange={(event) => (chosen.value = event.currentTarget.value)}>
            {formats.value.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <a class="button" href={`/api/export?format=${encodeURIComponent(name)}`} download>
          Export {counted(labelled, "label")}
        </a>
        <label class="grow">
          File of labels to import
          <input class="field" type="file" onChange={(event) => (file.value = event.currentTarget.files?.[0] ?? null)} />
        </label>
        <button class="button" disabled={!file.value || busy.value} onClick={() => void take(name, done)}>
          {busy.value ? "Reading" : "Import"}
        </button>
      </div>
      {line && <p class="quiet small">{line}</p>}
      {failed.value && <p class="line-error">{failed.value}</p>}
      {came.value && <Came imported={came.value} />}
    </section>
  );
}

function Came({ imported: { imported, skipped } }: { imported: Imported }) {
  return (
    <div role="status">
      <p>{counted(imported, "label")} came in.</p>
      <SkippedList skipped={skipped} />
    </div>
  );
}

const list = (): Promise<void> => attempt(async () => void (formats.value = (await get<Catalogue>("/api/catalogue")).formats));

async function take(format: string, done: () => void): Promise<void> {
  busy.value = true;
  came.value = null;
  await attempt(async () => {
    const sent = await upload<Uploaded>("/api/upload", file.value!);
    came.value = await post<Imported>("/api/import", { upload: sent.upload, format });
    done();
  });
  busy.value = false;
}

async function attempt(work: () => Promise<void>): Promise<void> {
  failed.value = "";
  try {
    await work();
  } catch (error) {
    failed.value = error instanceof Error ? error.message : String(error);
  }
}
