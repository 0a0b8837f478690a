/** The app: one page, its screens by hash. `#/` labels, `#/status` tells, `#/new` makes a study. */
import { signal } from "@preact/signals";
import { render } from "preact";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import type { Session } from "../core/types.ts";
import { ApiError, openSession } from "./api.ts";
import { follow } from "./facts.ts";
import { Header } from "./header.tsx";
import { Labelling } from "./label.tsx";

type Screen = ComponentType<{ session: Session }>;

/** Screens that labelling does not need come when they are opened. */
const screens: Record<string, () => Promise<Screen>> = {
  "#/status": async () => (await import("./status.tsx")).Status,
  "#/map": async () => (await import("./map.tsx")).MapScreen,
  "#/review": async () => (await import("./review.tsx")).ReviewScreen,
  "#/grid": async () => (await import("./grid.tsx")).GridScreen,
  "#/new": async () => (await import("./create.tsx")).Create,
};

const shown = signal<{ hash: string; Screen: Screen } | null>(null);
const session = signal<Session | null>(null);
const failed = signal<unknown>(null);

/** Say which screen is wanted; without a study there is only the one that makes one. */
const wanted = (): string => (session.value?.study ? location.hash : "#/new");

async function route(): Promise<void> {
  if (!session.value) return; // too early to know: `start` comes back here
  const hash = wanted();
  const load = screens[hash];
  try {
    const next = load ? { hash, Screen: await load() } : { hash: "#/", Screen: Labelling };
    if (hash === wanted()) shown.value = next; // else somebody went on while it was loaded
  } catch (error) {
    renewed(error);
  }
}

const LONG_AGO = 10_000;

/** A part of the app that cannot be loaded belongs to another version than the server's: take the page anew, not in circles. */
function renewed(error: unknown): void {
  if (performance.now() > LONG_AGO) location.reload();
  else failed.value = error;
}

function App() {
  if (failed.value !== null) return <Failed error={failed.value} />;
  if (!session.value || !shown.value) return null;
  const { hash, Screen } = shown.value;
  return (
    <>
      <Header session={session.value} hash={hash} />
      <Screen session={session.value} />
    </>
  );
}

function Failed({ error }: { error: unknown }) {
  const unknown = error instanceof ApiError && error.status === 401;
  useEffect(() => {
    const retry = setInterval(() => void start(), 3_000);
    return () => clearInterval(retry);
  }, []);
  return (
    <main class="page">
      <h1>{unknown ? "This page needs a fresh link" : "The study cannot be opened"}</h1>
      <p>
        {unknown ? (
          <>
            Links work once, and sessions end. Run <code>querist label STUDY --url</code> where the study lies, and open the link that it
            prints. Nothing that you answered is lost.
          </>
        ) : (
          `${error instanceof Error ? error.message : String(error)} This page tries again by itself.`
        )}
      </p>
    </main>
  );
}

async function start(): Promise<void> {
  try {
    session.value = await openSession();
    failed.value = null;
  } catch (error) {
    failed.value = error;
    return;
  }
  document.title = session.value.study ? `${session.value.study.name} · querist` : "querist";
  if (session.value.study) follow();
  await route();
}

addEventListener("hashchange", () => void route());
render(<App />, document.getElementById("app")!);
void start();
