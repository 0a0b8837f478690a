/** The app: one page, its screens by hash. `#/` labels, `#/status` tells, `#/new` makes a study. */
import { signal } from "@preact/signals";
import { render } from "preact";
import type { ComponentType } from "preact";
import type { Session } from "../core/types.ts";
import { openSession } from "./api.ts";

type Screen = ComponentType<{ session: Session }>;

const screens: Record<string, () => Promise<Screen>> = {
  "#/status": async () => (await import("./status.tsx")).Status,
  "#/new": async () => (await import("./create.tsx")).Create,
};

const shown = signal<Screen | null>(null);
const session = signal<Session | null>(null);

async function route(): Promise<void> {
  const load = screens[location.hash];
  shown.value = load ? await load() : null;
}

function App() {
  const Shown = shown.value;
  return Shown && session.value ? <Shown session={session.value} /> : <main>querist</main>;
}

async function start(): Promise<void> {
  session.value = await openSession();
  addEventListener("hashchange", () => void route());
  await route();
}

render(<App />, document.getElementById("app")!);
void start();
