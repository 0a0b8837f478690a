/** Labels for all that is chosen on the map, and the way back. */
import { signal } from "@preact/signals";
import { counted } from "../core/format.ts";
import { isOpen } from "../core/picked.ts";
import type { Kind, Label, Name, Reply } from "../core/types.ts";
import { post } from "./api.ts";
import { columns, failure, itemsOf, read, said } from "./map-data.ts";
import type { MapItem } from "./map-data.ts";

interface Given {
  uid: string;
  item: string;
  kind: Kind;
  label?: Label;
  bulk: boolean;
}

/** One labelling of many items: what stood before each, to bring it back. */
interface Deed {
  readonly name: Name;
  readonly items: readonly MapItem[];
}

export const done = signal<readonly Deed[]>([]);
export const working = signal(false);

const AT_ONCE = 500;

/** Label those rows that may be: without a label, and not the audit's. */
export async function labelAll(rows: readonly number[], name: Name): Promise<void> {
  const open = columns.value ? rows.filter((row) => isOpen(columns.value!, row)) : [];
  if (open.length === 0) return void (said.value = "Nothing here can be labelled: it has labels, or is of the audit.");
  await busily(async () => {
    const items = await itemsOf(open);
    const refused = await send(items.map((item) => ({ uid: crypto.randomUUID(), item: item.id, kind: "label", label: name, bulk: true })));
    const taken = items.filter((item) => !refused.has(item.id));
    if (taken.length) done.value = [...done.value, { name, items: taken }];
    const why = [...refused.values()][0];
    said.value = `${counted(taken.length, "item")} labelled ${name}${why ? `; ${counted(refused.size, "was", "were")} not: ${why}` : ""}.`;
  });
}

/** Take the last labelling back, all of it. */
export async function undo(): Promise<void> {
  const deed = done.value.at(-1);
  if (!deed) return void (said.value = "Nothing left to undo here.");
  await busily(async () => {
    await send(deed.items.map(before));
    done.value = done.value.slice(0, -1);
    said.value = `${counted(deed.items.length, "label")} taken back.`;
  });
}

function before({ id, mine }: MapItem): Given {
  const again = mine && mine.label !== null ? { kind: mine.kind, label: mine.label } : { kind: mine?.kind ?? ("retract" as const) };
  return { uid: crypto.randomUUID(), item: id, ...again, bulk: false };
}

/** Send answers; gives the items of those that the server will not keep, and why. What failed half-way is safe to send again. */
async function send(answers: readonly Given[]): Promise<Map<string, string>> {
  const item = new Map(answers.map((one) => [one.uid, one.item]));
  const refused = new Map<string, string>();
  for (let at = 0; at < answers.length; at += AT_ONCE) {
    const reply = await post<Reply>("/api/answers", { answers: answers.slice(at, at + AT_ONCE) });
    for (const one of reply.refused) refused.set(item.get(one.uid)!, one.error);
  }
  return refused;
}

async function busily(work: () => Promise<void>): Promise<void> {
  if (working.value) return;
  working.value = true;
  try {
    await work();
    failure.value = "";
  } catch (error) {
    failure.value = `${error instanceof Error ? error.message : String(error)} Some of it may be recorded: look at the colours, and try again.`;
  } finally {
    working.value = false;
    void read();
  }
}
