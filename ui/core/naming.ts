/** What the page for a new study makes of what a person types and of what was found. Pure. */

import type { Name } from "./types.ts";

/** Read class names, one a line, each once; a name that the data have as a number stays a number. */
export function readNames(text: string, found: readonly Name[]): Name[] {
  const known = new Map(found.map((name) => [String(name), name]));
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))].map((line) => known.get(line) ?? line);
}

/** Suggest a name for a study from the name of its data: the file without folder and ending. */
export function nameFrom(source: string): string {
  const file = source.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) ?? "";
  return file.replace(/(\.[A-Za-z0-9]{1,8}){1,2}$/, "").slice(0, 80) || file.slice(0, 80);
}

/** Join a folder and a name below the root; the root itself is "". */
export const below = (folder: string, name: string): string => (folder ? `${folder}/${name}` : name);

/** Give every folder on the way to a path, the root first, each with its own path. */
export function wayTo(path: string): { name: string; path: string }[] {
  const names = path.split("/").filter((name) => name !== "");
  return [{ name: "root", path: "" }, ...names.map((name, at) => ({ name, path: names.slice(0, at + 1).join("/") }))];
}

interface Task {
  readonly name: string;
  readonly line: string;
}

/** The tasks that are always there, in the words of somebody who labels. */
const TASKS: readonly Task[] = [
  { name: "classification", line: "One class for each item." },
  { name: "multilabel", line: "Any number of classes for each item, or none." },
  { name: "spans", line: "Marked stretches of a text, each with a type." },
  { name: "boxes", line: "Boxes in an image, each of one class." },
  { name: "particles", line: "Centres of particles in a micrograph." },
];

/** Give the tasks to choose from: those that the server knows, in our words where we have some; ours until it has said. */
export function tasksOf(known: readonly Task[] | undefined): readonly Task[] {
  return known?.map((task) => TASKS.find(({ name }) => name === task.name) ?? task) ?? TASKS;
}

/** Say in one sentence what keeps a study from being made; null when nothing does. */
export function missing(given: { source: boolean; name: string; labels: readonly Name[]; task: string }): string | null {
  if (!given.source) return "Choose the data first.";
  if (!given.name.trim()) return "Give the study a name.";
  if (given.task === "multilabel" && given.labels.length < 1) return "Write at least one label, one a line.";
  if (given.task === "spans" && given.labels.length < 1) return "Write at least one type of span, one a line.";
  if (given.task === "boxes" && given.labels.length < 1) return "Write at least one class of box, one a line.";
  if (given.task === "classification" && given.labels.length < 2) return "Write at least two classes, one a line.";
  return null;
}
