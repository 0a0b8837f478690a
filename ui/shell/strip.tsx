/** The last answers, newest first: each flashes when it is given, shows its item again when pressed. */
import { digitsOf } from "../core/digits.ts";
import { labelText } from "../core/format.ts";
import type { Entry } from "../core/history.ts";
import { binding } from "../core/keys.ts";
import { isPart, isPicks } from "../core/types.ts";
import type { Name, Schema } from "../core/types.ts";
import { history, revisit, undo } from "./desk.ts";

const SHOWN = 16;

export function Strip({ schema }: { schema: Schema }) {
  const { done } = history.value;
  const last = done.slice(-SHOWN).reverse();
  return (
    <div class="strip">
      <button class="icon-button" onClick={() => void undo()} disabled={done.length === 0} aria-label="Undo" title={`Undo (${binding("undo").cap})`}>
        <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
          <path d="M12 2v12L3 8z" fill="currentColor" />
        </svg>
      </button>
      <ol class="strip-list" aria-label="Last answers, newest first">
        {last.map((entry, place) => (
          <li key={done.length - place}>
            <Answered entry={entry} schema={schema} />
          </li>
        ))}
      </ol>
      {last.length === 0 && <span class="quiet small">your answers appear here</span>}
    </div>
  );
}

function Answered({ entry, schema }: { entry: Entry; schema: Schema }) {
  const said = entry.given.kind === "label" ? labelText(entry.given.label) : entry.given.kind;
  const short = sign(entry, schema);
  const about = `${short}, ${said}: show this item again`;
  return (
    <button class={`answered ${hue(entry, schema)}`} title={said} aria-label={about} onClick={() => void revisit(entry)}>
      {short}
    </button>
  );
}

/** The number of a class, the count of a set, or a mark: colour alone never tells. */
function sign(entry: Entry, schema: Schema): string {
  const { kind, label } = entry.given;
  if (kind !== "label") return kind === "unsure" ? "?" : "–";
  if (isPicks(label)) return short(label.points.length);
  if (isPart(label)) return short(label.spans.length);
  if (Array.isArray(label)) return short(label.length);
  return digitsOf(schema.labels)[schema.labels.indexOf(label as Name)] || "·";
}

/** A count in the room of two digits. */
const short = (n: number): string => (n > 99 ? "99+" : String(n));

function hue(entry: Entry, schema: Schema): string {
  const { kind, label: given } = entry.given;
  if (kind !== "label") return "aside-hue";
  const label = isPart(given) ? given.spans : given;
  const name = isPicks(label) ? schema.labels[0] : Array.isArray(label) ? firstName(label) : label;
  const place = schema.labels.indexOf(name as Name);
  return place < 0 ? "aside-hue" : `hue-${(place % 8) + 1}`;
}

function firstName(label: readonly unknown[]): unknown {
  const first = label[0];
  return typeof first === "object" && first !== null ? (first as { label: Name }).label : first;
}
