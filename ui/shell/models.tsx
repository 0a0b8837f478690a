/** Training: what it does now, its log, and the models that it made. */
import { signal } from "@preact/signals";
import { ago, count, counted, duration } from "../core/format.ts";
import type { components } from "../types.ts";
import { post } from "./api.ts";
import { now } from "./facts.ts";

type Training = components["schemas"]["Training"];
type ModelInfo = components["schemas"]["ModelInfo"];

interface Given {
  training: Training;
  /** Whether there is a model, answers since then, and how many start the next. */
  first: boolean;
  behind: number;
  batch: number;
  started: () => void;
}

const asking = signal(false);
const failed = signal("");

export function TrainingPanel(given: Given) {
  const { training, started } = given;
  const busy = training.state === "running" || asking.value;
  return (
    <section class="panel wide" aria-labelledby="training-title">
      <div class="heading">
        <h2 id="training-title">Training</h2>
        <button class="button" disabled={busy} onClick={() => void train(started)}>
          Train now
        </button>
      </div>
      {failed.value && <p class="line-error">{failed.value}</p>}
      <p role="status" class={training.state === "failed" ? "line-error" : undefined}>
        {sentence(given)}
      </p>
      {training.state === "failed" && <p class="quiet">The model before it keeps serving; labelling goes on.</p>}
      {training.log.length > 0 && (
        <details open={training.state === "failed"}>
          <summary>Log</summary>
          <pre class="log" tabIndex={0} aria-label="Log of the training process">
            {training.log.join("\n")}
          </pre>
        </details>
      )}
    </section>
  );
}

async function train(started: () => void): Promise<void> {
  asking.value = true;
  failed.value = "";
  try {
    await post("/api/train");
    started();
  } catch (error) {
    failed.value = error instanceof Error ? error.message : String(error);
  } finally {
    asking.value = false;
  }
}

function sentence({ training: { state, since, message }, first, behind, batch }: Given): string {
  const long = duration(Math.max(0, (now.value - since) / 1000));
  if (state === "running") return `Running for ${long}${message ? `: ${message}` : "."}`;
  if (state === "failed") return message || "Training failed; the log tells more.";
  const next = batch > 0 && behind < batch ? `; the ${first ? "first" : "next"} model starts at ${count(batch)}` : "";
  return `${counted(behind, "answer")} ${first ? "so far" : "since the last model"}${next}.`;
}

export function History({ models }: { models: readonly ModelInfo[] }) {
  return (
    <section class="panel wide" aria-labelledby="models-title">
      <h2 id="models-title">Models</h2>
      {models.length === 0 ? (
        <p class="quiet">No model yet. The first one is trained when the first batch of items is answered.</p>
      ) : (
        <ModelTable models={[...models].sort((a, b) => b.round - a.round)} />
      )}
    </section>
  );
}

const HEADS = ["Version", "Labels", "Made", "Took", "Learner", "Strategy"];

function ModelTable({ models }: { models: readonly ModelInfo[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Table of models">
      <table class="table">
        <thead>
          <tr>
            {HEADS.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {models.map((model, at) => (
            <tr key={model.round} class={at === 0 ? "current" : undefined}>
              <td>
                v{model.round}
                {at === 0 && <span class="quiet"> in use</span>}
              </td>
              <td>{count(model.labels)}</td>
              <td title={new Date(model.at).toLocaleString()}>{ago(Math.max(0, (now.value - model.at) / 1000))}</td>
              <td>{model.seconds < 10 ? `${model.seconds.toFixed(1)} s` : duration(model.seconds)}</td>
              <td>{model.learner}</td>
              <td>{model.strategy}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
