/** What a person has chosen and typed for a new study. It lives here and not in the page, so that nothing is lost with it. */
import { computed, signal } from "@preact/signals";
import { missing, nameFrom, readNames } from "../core/naming.ts";
import type { components } from "../types.ts";
import { get, post, upload } from "./api.ts";

type Schemas = components["schemas"];
export type Preview = Schemas["Preview"];
export type Catalogue = Schemas["Catalogue"];
export type FileEntry = Schemas["FileEntry"];

/** The data: a file that was sent, or a path under the root. */
export interface Source {
  name: string;
  size: number | null;
  given: { upload: string } | { path: string };
}

/** Which column is what: null as usual, "" none. */
export interface Columns {
  text: string | null;
  label: string | null;
  id: string | null;
}

export const source = signal<Source | null>(null);
export const columns = signal<Columns>({ text: null, label: null, id: null });
export const preview = signal<Preview | null>(null);
/** The classes that the data have; they stay when a person sets the labels aside to ask for every item again. */
export const foundNames = signal<Preview["labels"]>([]);
export const task = signal("classification");
/** As typed; null until a person changes what was found. */
export const typedNames = signal<string | null>(null);
export const typedName = signal<string | null>(null);
export const extra = signal({ learner: "", strategy: "", batch: "" });
export const catalogue = signal<Catalogue | null>(null);
const underWay = signal<readonly string[]>([]);
/** What is under way, in words, the latest begun; "" when nothing is. What ends first does not end the others. */
export const busy = computed(() => underWay.value.at(-1) ?? "");
/** What went wrong with the data, and with making the study: each is told where it belongs. */
export const dataError = signal("");
export const makeError = signal("");

export const namesText = computed(() => typedNames.value ?? foundNames.value.join("\n"));
export const names = computed(() => readNames(namesText.value, foundNames.value));
export const studyName = computed(() => typedName.value ?? (source.value ? nameFrom(source.value.name) : ""));
export const lacking = computed(() =>
  missing({ source: preview.value !== null, name: studyName.value, labels: names.value, task: task.value }),
);

export async function openCatalogue(): Promise<void> {
  if (!catalogue.value) await attempt(dataError, "", async () => void (catalogue.value = await get<Catalogue>("/api/catalogue")));
}

/** Send a file and look into it. */
export async function takeFile(file: File): Promise<void> {
  await attempt(dataError, `Sending ${file.name}`, async () => {
    const sent = await upload<Schemas["Uploaded"]>("/api/upload", file);
    choose({ name: sent.name, size: sent.size, given: { upload: sent.upload } });
    await look();
  });
}

/** Take a file or folder under the root and look into it. */
export async function takePath(path: string, size: number | null): Promise<void> {
  choose({ name: path || "root", size, given: { path } });
  await lookAgain();
}

/** Read the data anew: the columns or the task are others now. */
export async function lookAgain(): Promise<void> {
  await attempt(dataError, `Reading ${source.value?.name ?? "the data"}`, look);
}

export function forget(): void {
  source.value = null;
  preview.value = null;
  dataError.value = "";
}

/** Make the study and go to its first item. */
export async function make(): Promise<void> {
  makeError.value = lacking.value ?? "";
  if (lacking.value !== null || !source.value) return;
  await attempt(makeError, "Making the study", async () => {
    const { learner, strategy, batch } = extra.value;
    const more = { learner: learner || null, strategy: strategy || null, batch: batch ? Number(batch) : null };
    await post("/api/studies", { ...source.value!.given, ...columns.value, ...more, task: task.value, ...named() });
    location.hash = "#/";
    location.reload();
  });
}

const named = () => ({ name: studyName.value.trim(), labels: names.value });

function choose(chosen: Source): void {
  source.value = chosen;
  preview.value = null;
  foundNames.value = [];
  columns.value = { text: null, label: null, id: null };
}

let looks = 0;

async function look(): Promise<void> {
  if (!source.value) return;
  const mine = ++looks;
  const found = await post<Preview>("/api/preview", { ...source.value.given, ...columns.value, task: task.value });
  if (mine !== looks) return; // looked again since, at other data or for another task
  if (columns.value.label !== "") foundNames.value = found.labels;
  preview.value = found;
}

async function attempt(error: typeof dataError, words: string, work: () => Promise<void>): Promise<void> {
  error.value = "";
  if (words) underWay.value = [...underWay.value, words];
  try {
    await work();
  } catch (problem) {
    error.value = problem instanceof Error ? problem.message : String(problem);
  } finally {
    const at = underWay.value.lastIndexOf(words);
    underWay.value = underWay.value.filter((_, place) => place !== at);
  }
}
