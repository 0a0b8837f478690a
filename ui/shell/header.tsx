/** The line at the top of every screen: where you are, how far, and how fresh the model is. */
import { signal } from "@preact/signals";
import type { Session } from "../core/types.ts";
import { ago, count } from "../core/format.ts";
import { binding } from "../core/keys.ts";
import { facts, now, training } from "./facts.ts";
import { toggle } from "./panels.ts";

const screens = [
  { hash: "#/", name: "Label" },
  { hash: "#/map", name: "Map" },
  { hash: "#/grid", name: "Grid" },
  { hash: "#/review", name: "Review" },
  { hash: "#/status", name: "Status" },
];

export function Header({ session, hash }: { session: Session; hash: string }) {
  return (
    <header class="header">
      <a class="brand" href="#/">
        querist
      </a>
      {session.study && <StudyLine session={session} hash={hash} />}
      <span class="grow" />
      {session.study && <FactsLine />}
      <ThemeButton />
      {session.study && hash === "#/" && (
        <button class="icon-button" onClick={() => toggle("help")} aria-label="All keys" title={`All keys (${binding("help").cap})`}>
          ?
        </button>
      )}
    </header>
  );
}

function StudyLine({ session, hash }: { session: Session; hash: string }) {
  return (
    <>
      <span class="study-name" title={`labelling as ${session.who}`}>
        {session.study!.name}
      </span>
      <nav class="nav" aria-label="Screens">
        {screens.map((screen) => (
          <a key={screen.hash} href={screen.hash} aria-current={screen.hash === hash ? "page" : undefined}>
            {screen.name}
          </a>
        ))}
      </nav>
    </>
  );
}

function FactsLine() {
  const known = facts.value;
  if (!known) return null;
  const parts = [`${count(known.labelled)} labelled`, `${count(known.remaining)} to go`];
  if (known.audit !== null) parts.push(`audit ${count(known.audit)}`);
  parts.push(modelWords(known.round, known.at));
  return <span class="facts">{parts.join(" · ")}</span>;
}

function modelWords(round: number | null, at: number | null): string {
  if (training.value.state === "running") return round === null ? "first model in training" : `model v${round}, training`;
  if (training.value.state === "failed") return round === null ? "training failed" : `model v${round}, training failed`;
  if (round === null || at === null) return "no model yet";
  return `model v${round}, ${ago(Math.max(0, (now.value - at) / 1000))}`;
}

type Theme = "system" | "light" | "dark";

const KEY = "querist-theme";
const order: readonly Theme[] = ["system", "light", "dark"];
const theme = signal<Theme>((localStorage.getItem(KEY) as Theme | null) ?? "system");

function ThemeButton() {
  const said = theme.value === "system" ? "Theme: as the system" : `Theme: ${theme.value}`;
  return (
    <button class="icon-button" onClick={nextTheme} aria-label={said} title={said}>
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <circle cx="10" cy="10" r="6.5" fill="none" stroke="currentColor" stroke-width="1.5" />
        <path d={halves[theme.value]} fill="currentColor" />
      </svg>
    </button>
  );
}

const halves: Record<Theme, string> = {
  system: "M10 3.5a6.5 6.5 0 0 1 0 13z",
  light: "",
  dark: "M10 3.5a6.5 6.5 0 0 1 0 13 6.5 6.5 0 0 1 0-13z",
};

function nextTheme(): void {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length]!;
  localStorage.setItem(KEY, theme.value);
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
}
