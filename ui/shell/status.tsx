/** Where the study stands: first the sentences, then the pictures and the numbers. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { count, counted, duration, percent } from "../core/format.ts";
import type { Session } from "../core/types.ts";
import type { components } from "../types.ts";
import { get } from "./api.ts";
import { Curve } from "./curve.tsx";
import { Exchange } from "./exchange.tsx";
import { facts, now, training } from "./facts.ts";
import { figures, OfTheModel, OfThePeople, useFigures } from "./figures.tsx";
import { History, TrainingPanel } from "./models.tsx";

export type StatusInfo = components["schemas"]["StatusInfo"];

const status = signal<StatusInfo | null>(null);
const failed = signal("");
let reading = false;

export function Status({ session }: { session: Session }) {
  const news = [facts.value?.labelled, facts.value?.round, training.value.state, now.value];
  useEffect(() => void read(), news);
  useFigures(news.slice(0, 2));
  const known = status.value;
  return (
    <main class="page status">
      <h1>{session.study?.name ?? "Status"}</h1>
      {failed.value && <p class="line-error">{failed.value}</p>}
      {known && <Known status={known} session={session} />}
    </main>
  );
}

/** Ask again; one request at a time. */
export async function read(): Promise<void> {
  if (reading) return;
  reading = true;
  try {
    status.value = await get<StatusInfo>("/api/status");
    failed.value = "";
  } catch (error) {
    failed.value = `${error instanceof Error ? error.message : String(error)} What is shown here may be old; it is asked for again by itself.`;
  } finally {
    reading = false;
  }
}

function Known({ status: known, session }: { status: StatusInfo; session: Session }) {
  return (
    <>
      <Sentences status={known} />
      <Progress status={known} />
      <section class="panel wide" aria-labelledby="curve-title">
        <h2 id="curve-title">How good the model is</h2>
        <Curve points={known.curve} metric={known.estimate?.metric ?? "accuracy"} ahead={figures.value?.forecast ?? []} />
      </section>
      <OfTheModel />
      <div class="pair">
        <Bars title="Labels by class" rows={Object.entries(known.classes)} nothing="The classes appear here with the first label." />
        <Bars title="Labels by person" rows={known.people.map(({ who, n }) => [who, n])} nothing="Nobody has answered yet." />
      </div>
      <OfThePeople />
      <TrainingPanel
        training={known.training}
        first={known.model === null}
        behind={known.behind}
        batch={session.study?.batch ?? 0}
        started={() => void read()}
      />
      <History models={known.models} />
      <Exchange labelled={known.labelled} done={() => void read()} />
    </>
  );
}

function Sentences({ status: { sentence, estimate, saved, stop } }: { status: StatusInfo }) {
  const said = new Set([sentence, estimate?.sentence, saved?.sentence].flatMap((one) => (one ? [begun(ended(one))] : [])));
  return (
    <div class="lead">
      <p>{[...said].join(" ")}</p>
      {stop && <p class={stop.stop ? "advice stop" : "advice"}>{begun(ended(stop.sentence))}</p>}
    </div>
  );
}

/** A sentence ends with a full stop, also when it stands before another. */
const ended = (sentence: string): string => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`);

const begun = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);

function Progress({ status: known }: { status: StatusInfo }) {
  const parts = [
    { name: "labelled", n: known.labelled },
    { name: "set aside", n: known.aside },
    { name: "being answered", n: known.leased },
    { name: "to go", n: Math.max(0, known.remaining - known.aside - known.leased) },
  ];
  return (
    <section class="progress" aria-label="Progress">
      <div class="progress-bar" role="img" aria-label={parts.map((part) => `${count(part.n)} ${part.name}`).join(", ")}>
        {parts.map((part, at) => (
          <Share key={part.name} n={part.n} of={known.items} kind={at} />
        ))}
      </div>
      <ul class="progress-words">
        {parts.map((part, at) => (part.n > 0 || at === 0) && <Told key={part.name} n={part.n} kind={at} name={part.name} />)}
        <li class="quiet">{pace(known)}</li>
      </ul>
    </section>
  );
}

function Share({ n, of, kind }: { n: number; of: number; kind: number }) {
  return n > 0 ? <span class={`share share-${kind}`} style={{ flexGrow: n / Math.max(1, of) }} /> : null;
}

function Told({ n, kind, name }: { n: number; kind: number; name: string }) {
  return (
    <li>
      <span class={`dot share-${kind}`} aria-hidden="true" />
      <strong>{count(n)}</strong> {name}
    </li>
  );
}

/** How fast timed labels come, and what that means for what is left. */
function pace({ items, per_minute, remaining }: StatusInfo): string {
  const all = `of ${counted(items, "item")}`;
  if (!(per_minute > 0)) return all;
  const left = remaining > 0 ? `; all the rest would take ${duration((remaining / per_minute) * 60)}` : "";
  return `${all} · ${per_minute.toFixed(per_minute < 10 ? 1 : 0)} timed labels per minute, pauses included${left}`;
}

function Bars({ title, rows, nothing }: { title: string; rows: readonly (readonly [string, number])[]; nothing: string }) {
  const most = Math.max(1, ...rows.map(([, n]) => n));
  const all = rows.reduce((sum, [, n]) => sum + n, 0);
  return (
    <section class="panel">
      <h2>{title}</h2>
      {rows.length === 0 && <p class="quiet">{nothing}</p>}
      <ul class="bars">
        {rows.map(([name, n]) => (
          <Bar key={name} name={name} share={n / most}>
            {count(n)} <span class="quiet">{shareOf(n, all)}</span>
          </Bar>
        ))}
      </ul>
    </section>
  );
}

/** A share in whole per cent; what is there is never called nothing. */
function shareOf(n: number, all: number): string {
  if (all === 0) return "";
  return n > 0 && n / all < 0.005 ? "< 1 %" : percent(n / all);
}

function Bar({ name, share, children }: { name: string; share: number; children: ComponentChildren }) {
  return (
    <li>
      <span class="bar-name" dir="auto" title={name}>
        {name}
      </span>
      <span class="bar-room">
        <span class="bar" style={{ width: `${100 * share}%` }} />
      </span>
      <span class="bar-number">{children}</span>
    </li>
  );
}
