/** How to decide: the study's guidelines, readable beside the item and editable in place. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { blocks } from "../core/prose.ts";
import type { Block, Piece } from "../core/prose.ts";
import type { Guide } from "../core/types.ts";
import { get, put } from "./api.ts";
import { Aside } from "./aside.tsx";

const text = signal<string | null>(null);
const editing = signal(false);
const failed = signal("");

export function Guidelines({ initial }: { initial: string }) {
  useEffect(() => void read(), []);
  const shown = text.value ?? initial;
  return (
    <Aside title="Guidelines">
      {failed.value && <p class="line-error">{failed.value}</p>}
      {editing.value ? <Editor text={shown} /> : <Reading text={shown} />}
    </Aside>
  );
}

async function read(): Promise<void> {
  await attempt(async () => void (text.value = (await get<Guide>("/api/guidelines")).text));
}

async function save(changed: string): Promise<void> {
  await attempt(async () => {
    await put("/api/guidelines", { text: changed });
    text.value = changed;
    editing.value = false;
  });
}

async function attempt(work: () => Promise<void>): Promise<void> {
  failed.value = "";
  try {
    await work();
  } catch (error) {
    failed.value = error instanceof Error ? error.message : String(error);
  }
}

function Reading({ text: shown }: { text: string }) {
  return (
    <>
      {shown.trim() ? (
        blocks(shown).map((block, place) => <Prose key={place} block={block} />)
      ) : (
        <p class="quiet">No guidelines yet. Write down how to decide the hard cases, so that everyone decides them alike.</p>
      )}
      <button class="button" onClick={() => (editing.value = true)}>
        {shown.trim() ? "Edit" : "Write guidelines"}
      </button>
    </>
  );
}

function Editor({ text: shown }: { text: string }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        void save(field.current!.value);
      }}
    >
      <textarea ref={field} class="field" rows={16} aria-label="Guidelines" defaultValue={shown} />
      <p class="quiet small"># heading, - list, **strong**, `code`</p>
      <button class="button primary">Save</button>{" "}
      <button type="button" class="button" onClick={() => (editing.value = false)}>
        Cancel
      </button>
    </form>
  );
}

function Prose({ block }: { block: Block }) {
  if (block.kind === "heading") return <h2>{pieces(block.lines[0]!)}</h2>;
  if (block.kind === "paragraph") return <p>{block.lines.flatMap((line) => [...pieces(line), " "])}</p>;
  return (
    <ul>
      {block.lines.map((line, place) => (
        <li key={place}>{pieces(line)}</li>
      ))}
    </ul>
  );
}

function pieces(line: readonly Piece[]) {
  return line.map(({ style, text: words }, place) => {
    if (style === "strong") return <strong key={place}>{words}</strong>;
    return style === "code" ? <code key={place}>{words}</code> : words;
  });
}
