/** A panel beside the item; Esc or its button closes it. */
import type { ComponentChildren } from "preact";
import { closePanel } from "./panels.ts";

export function Aside({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <aside class="aside" aria-label={title}>
      <header class="aside-head">
        <h2>{title}</h2>
        <button class="icon-button" onClick={closePanel} aria-label={`Close ${title.toLowerCase()}`} title="Close (Esc)">
          <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
            <path d="M3 3l10 10M13 3L3 13" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" />
          </svg>
        </button>
      </header>
      <div class="aside-body" tabIndex={0} role="region" aria-label={`${title}, text`}>
        {children}
      </div>
    </aside>
  );
}
