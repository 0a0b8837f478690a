/** What was read of the data of a new study: how many rows, the first of them, the columns, and what was left out. */
import { counted } from "../core/format.ts";
import type { Columns, Preview } from "./draft.ts";
import { columns, lookAgain } from "./draft.ts";
import { SkippedList } from "./skipped.tsx";

const ROWS = 6;

const roles: readonly { role: keyof Columns; name: string }[] = [
  { role: "text", name: "Text" },
  { role: "label", name: "Label" },
  { role: "id", name: "Identity" },
];

export function PreviewStep({ preview }: { preview: Preview }) {
  return (
    <>
      <p>
        <strong>{counted(preview.rows, "item")}</strong> read as {kinds[preview.kind] ?? preview.kind}
        {preview.labels.length > 0 ? `; ${counted(preview.labels.length, "class", "classes")} found.` : "; no labels found."}
      </p>
      {preview.warnings.map((words) => (
        <p key={words} class="warning">
          {words}
        </p>
      ))}
      <SkippedList skipped={preview.skipped} />
      {preview.sample.length > 0 && <Sample preview={preview} />}
      {preview.columns.length > 0 && <Roles names={preview.columns} />}
      {preview.labels.length > 0 && (
        <p class="quiet small">
          Items with a label keep it as their answer and are not asked. To ask for every item, choose <em>none</em> as the label.
        </p>
      )}
    </>
  );
}

const kinds: Readonly<Record<string, string>> = {
  text: "texts",
  texts: "texts",
  image: "images",
  images: "images",
  record: "records",
  table: "records",
  spans: "texts to mark",
};

function Sample({ preview: { sample, rows } }: { preview: Preview }) {
  const heads = [...new Set(sample.flatMap((row) => Object.keys(row)))];
  const shown = sample.slice(0, ROWS);
  return (
    <div class="scroll sample" tabIndex={0} role="region" aria-label={`The first ${shown.length} of ${counted(rows, "item")}`}>
      <table class="table">
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, at) => (
            <tr key={at}>
              {heads.map((head) => (
                <td key={head} dir="auto">
                  {cell(row[head])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function cell(value: unknown) {
  if (value === null || value === undefined || value === "") return <span class="quiet">–</span>;
  const words = typeof value === "object" ? JSON.stringify(value) : String(value);
  return <span class="cell">{words}</span>;
}

/** Columns have usual names; whoever named them otherwise says so here. */
function Roles({ names }: { names: readonly string[] }) {
  return (
    <fieldset class="roles">
      <legend class="quiet small">Which column is what</legend>
      {roles.map(({ role, name }) => (
        <label key={role}>
          {name}
          <select class="field" value={shown(columns.value[role])} onChange={(event) => pick(role, event.currentTarget.value)}>
            <option value="usual">found by its name</option>
            <option value="none">none</option>
            {names.map((column) => (
              <option key={column} value={`=${column}`}>
                {column}
              </option>
            ))}
          </select>
        </label>
      ))}
    </fieldset>
  );
}

// A column may be called "none" or "usual": its name stands behind an equals sign.
const shown = (column: string | null): string => (column === null ? "usual" : column === "" ? "none" : `=${column}`);

function pick(role: keyof Columns, value: string): void {
  const column = value === "usual" ? null : value === "none" ? "" : value.slice(1);
  columns.value = { ...columns.value, [role]: column };
  void lookAgain();
}
