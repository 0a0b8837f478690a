/** One item in its view, for screens that do not lease: the same views as where people label. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Item, Label, Study } from "../core/types.ts";
import type { Label as ViewLabel, View } from "../views/contract.ts";
import { changedKeys } from "./bound.ts";
import { asViewItem, load, ready, viewUrl } from "./modules.ts";

const arrivedViews = signal(0);
const broken = signal("");

interface Props {
  item: Item;
  study: Study;
  label: Label | null;
  onChange(label: Label): void;
}

export function Shown(props: Props) {
  void arrivedViews.value;
  const url = viewUrl(props.item, props.study);
  const view = ready(url);
  return view ? <Mount key={props.item.id} view={view} {...props} /> : <Loading url={url} />;
}

/** Say whether the view of an item draws the classes itself. */
export function drawsLabels(item: Item, study: Study): boolean {
  void arrivedViews.value;
  return ready(viewUrl(item, study))?.drawsLabels ?? false;
}

function Loading({ url }: { url: string }) {
  useEffect(() => {
    load(url).then(
      () => (arrivedViews.value += 1),
      () => (broken.value = `The view ${url} could not be loaded: reload the page.`),
    );
  }, [url]);
  return <div class="stage">{broken.value && <p class="line-error">{broken.value}</p>}</div>;
}

function Mount({ item, study, label, onChange, view }: Props & { view: View }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const mounted = view.mount(host.current!, {
      item: asViewItem(item),
      label: label as ViewLabel | null,
      schema: study.task,
      onChange: (given) => onChange(given as Label),
    });
    return () => mounted.destroy();
  }, [item.id, changedKeys.value]);
  return <div class={`stage stage-${item.view}`} data-item={item.id} ref={host} role="region" aria-label="Item to review" tabIndex={0} />;
}
