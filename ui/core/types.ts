/** The words of the app: what the server sends and takes. Offsets count code points, times milliseconds since 1970. */

export interface Span {
  start: number;
  end: number;
  label: string;
}

/** A class, as the study names it. */
export type Name = string | number;

/** classification: one name; multilabel: a list of names; spans: a list of spans. */
export type Label = Name | Name[] | Span[];

export type Kind = "label" | "skip" | "unsure" | "retract" | "note";

export interface Schema {
  type?: string;
  task?: string;
  labels: Name[];
  [key: string]: unknown;
}

export type TaskType = "classification" | "multilabel" | "spans";

export interface Suggestion {
  label: Label;
  confidence: number | null;
  round: number;
  age_seconds: number;
  strategy: string;
}

/** What this person has said of an item. */
export interface Mine {
  kind: Kind;
  label?: Label | null;
}

export interface Note {
  flag: boolean;
  comment: string;
}

/** `data` is the record's fields, `{text}`, or `{image, width, height}`; which one, `view` tells. */
export interface Item {
  id: string;
  lease: string | null;
  expires: number | null;
  view: string;
  data: Record<string, unknown>;
  suggestion: Suggestion | null;
  why: string;
  audit: boolean;
  mine: Mine | null;
  note: Note | null;
}

/** One thing a person said; `uid` makes a repeated sending count once. */
export interface Answer {
  uid: string;
  item: string;
  kind: Kind;
  label?: Label;
  seconds?: number;
  lease?: string;
  flag?: boolean;
  comment?: string;
}

export interface Study {
  name: string;
  task: Schema;
  view: string;
  view_url: string | null;
  guidelines: string;
  suggestions: boolean;
  overlap: number;
  batch: number;
}

export interface Session {
  who: string;
  csrf: string;
  version: string;
  study: Study | null;
  root: boolean;
}

/** The form of a study's labels, whichever word the schema uses for it. */
export function taskType(schema: Schema): TaskType {
  const name = schema.type ?? schema.task;
  return name === "multilabel" || name === "spans" ? name : "classification";
}
