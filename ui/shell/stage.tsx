/** The item: as large as it fits. Mounts the item's view, or says why there is no item. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Item, Label, Study } from "../core/types.ts";
import type { View, Label as ViewLabel } from "../views/contract.ts";
import { changedKeys } from "./bound.ts";
import { attach, draft, give, hidden, visible } from "./desk.ts";
import { asViewItem, load, ready, viewUrl } from "./modules.ts";
import { supply } from "./supply.ts";
import type { Supply } from "./supply.ts";

/** Counts the views that came after an item was shown: whoever asks a view for something renders again by it. */
export const arrivedViews = signal(0);
const broken = signal("");

export function Stage({ study }: { study: Study }) {
  const item = visible.value;
  if (!item) return <Nothing supply={supply.value} />;
  void arrivedViews.value;
  const url = viewUrl(item, study);
  const view = ready(url);
  return view ? <Mount key={item.id} item={item} view={view} study={study} /> : <Loading url={url} />;
}

function Loading({ url }: { url: string }) {
  useEffect(() => {
    load(url).then(
      () => (arrivedViews.value += 1),
      () => (broken.value = `The view ${url} could not be loaded: reload the page, or give another with --view.`),
    );
  }, [url]);
  return <div class="stage">{broken.value && <p class="line-error">{broken.value}</p>}</div>;
}

function Mount({ item, view, study }: { item: Item; view: View; study: Study }) {
  const host = useRef<HTMLDivElement>(null);
  const suggestion = hidden.value ? null : item.suggestion;
  useLayoutEffect(() => {
    const mounted = view.mount(host.current!, {
      item: asViewItem({ ...item, suggestion }),
      label: draft.peek() as ViewLabel | null,
      schema: study.task,
      onChange: (label) => (draft.value = label as Label | null),
      answer: (label) => give({ kind: "label", label: label as Label }),
    });
    attach(mounted);
    return () => (attach(null), mounted.destroy());
  }, [item.id, hidden.value, changedKeys.value]);
  return <div class={`stage stage-${item.view}`} data-item={item.id} ref={host} role="region" aria-label="Item to label" tabIndex={0} />;
}

const titles: Record<Supply["state"], string> = {
  opening: "Opening the study",
  ready: "Fetching the next items",
  training: "The model is choosing what to ask next",
  waiting: "Nothing free just now",
  done: "Every item has an answer",
};

const more: Record<Supply["state"], string> = {
  opening: "",
  ready: "",
  training: "The next items appear here by themselves.",
  waiting: "The remaining items are with other people. This page goes on by itself when one is free.",
  done: "Thank you. The status page shows what the model has learnt, and exports the labels.",
};

function Nothing({ supply: { state, message } }: { supply: Supply }) {
  return (
    <div class="stage nothing" role="status">
      <h1>{titles[state]}</h1>
      <p class="quiet">{state === "done" ? more.done : message || more[state]}</p>
      {state === "done" && (
        <a class="button" href="#/status">
          Open status
        </a>
      )}
    </div>
  );
}
