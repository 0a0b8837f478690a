/** The words of the app, as the server's OpenAPI document has them. Offsets count code points, times are milliseconds. */
import type { components } from "../types.ts";

type Wire = components["schemas"];

export type Session = Wire["Session"];
export type Study = Wire["StudyInfo"];
export type Schema = Wire["TaskSchema"];
export type Item = Wire["Item"];
export type Suggestion = Wire["Suggestion"];
export type Note = Wire["Note"];
export type Claimed = Wire["Claimed"];
export type Leases = Wire["Leases"];
export type Reply = Wire["AnswersTaken"];
export type Recalled = Wire["HistoryEntry"];
export type Why = Wire["Why"];
export type Status = Wire["StatusInfo"];
export type Guide = Wire["Guidelines"];

/** One thing a person said; `uid` makes a repeated sending count once. */
export type Answer = Wire["AnswerGiven"];
export type Kind = Answer["kind"];

/** classification: one name; multilabel: a list of names; spans, boxes: a list of them, or a part; particles: points and more. */
export type Label = Suggestion["label"];

/** A class, as the study names it. */
export type Name = Schema["labels"][number];

export interface Span {
  start: number;
  end: number;
  label: string;
}

/** Spans of a part of a text, and the stretches of it that were looked at. */
export interface Part {
  spans: Span[];
  asked: number[][];
}

export interface Picks {
  points: [number, number][];
  searched: [number, number, number, number][] | null;
}

const TYPES = ["classification", "multilabel", "spans", "boxes", "particles"] as const;

export type TaskType = (typeof TYPES)[number];

/** The form of a study's labels; a task of another name is answered with one class. */
export function taskType(schema: Schema): TaskType {
  return TYPES.find((type) => type === schema.type) ?? "classification";
}

/** The label that says "nothing is there"; null where an answer is always a class. */
export function nothing(schema: Schema): Label | null {
  const type = taskType(schema);
  if (type === "particles") return { points: [], searched: null };
  return type === "classification" ? null : [];
}

export const isPart = (label: unknown): label is Part =>
  typeof label === "object" && label !== null && "spans" in label && "asked" in label;

export const isPicks = (label: unknown): label is Picks => typeof label === "object" && label !== null && "points" in label;
