/** What the header tells: progress, the model and its age, training. Kept current by live events. */
import { signal } from "@preact/signals";
import type { Status } from "../core/types.ts";
import { get } from "./api.ts";
import { listen } from "./live.ts";
import { refresh, renew } from "./supply.ts";

export interface Facts {
  labelled: number;
  remaining: number;
  /** Audit answers so far; null where no estimate is made. */
  audit: number | null;
  round: number | null;
  /** When the model was made, in milliseconds since 1970. */
  at: number | null;
}

export const facts = signal<Facts | null>(null);
export const training = signal<{ state: string; message: string }>({ state: "idle", message: "" });
/** The time, for ages; moves every ten seconds. */
export const now = signal(Date.now());

const TICK = 10_000;

export function follow(): () => void {
  void read();
  const tick = setInterval(() => (now.value = Date.now()), TICK);
  const stop = listen({
    model: () => (void read(), void renew()),
    training: (state) => (training.value = state),
    progress: (progress) => (facts.value = facts.value && { ...facts.value, ...progress }),
    open: () => (void read(), refresh()),
  });
  return () => (clearInterval(tick), stop());
}

async function read(): Promise<void> {
  try {
    const status = await get<Status>("/api/status");
    training.value = status.training;
    now.value = Date.now();
    facts.value = {
      labelled: status.labelled,
      remaining: status.remaining,
      audit: status.estimate?.n ?? null,
      round: status.model?.round ?? null,
      at: status.model?.at ?? null,
    };
  } catch {
    // The header keeps what it knew; the next event brings news.
  }
}
