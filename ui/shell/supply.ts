/** Keeps items at hand: claims ahead, prepares their media, extends the leases, gives them back when the page closes. */
import { signal } from "@preact/signals";
import { arrived, claimed, emptyQueue, renewed, thinned, unexpired } from "../core/queue.ts";
import type { Queue } from "../core/queue.ts";
import type { Claimed, Item, Leases } from "../core/types.ts";
import { beacon, post } from "./api.ts";

/** Items beside the visible one; enough for a fast hand over a slow line. */
const AHEAD = 8;
const REFILL_BELOW = 6;
/** Items that stay at hand while others are fetched. */
const KEPT = 2;
const MOST = 20;
const HEARTBEAT = 60_000;
const ASK_AGAIN = 2_000;

export interface Supply {
  state: Claimed["state"] | "opening";
  message: string;
}

export const queue = signal<Queue>(emptyQueue);
export const supply = signal<Supply>({ state: "opening", message: "" });

/** How many label on this page: other screens hold no items. A screen may be opened anew before the old one has closed. */
let seats = 0;
let claiming = false;
let again = false;
let restUntil = 0;
let unsent: () => number = () => 0;
let prepare: (item: Item) => void = () => undefined;

export function startSupply(ports: { unsent(): number; prepare(item: Item): void }): () => void {
  ({ unsent, prepare } = ports);
  seats += 1;
  const beat = setInterval(() => void heartbeat(), HEARTBEAT);
  const poll = setInterval(refill, ASK_AGAIN);
  addEventListener("pagehide", giveBack);
  addEventListener("pageshow", refill);
  document.addEventListener("visibilitychange", returned);
  refill();
  return () => {
    seats -= 1;
    clearInterval(beat);
    clearInterval(poll);
    removeEventListener("pagehide", giveBack);
    removeEventListener("pageshow", refill);
    document.removeEventListener("visibilitychange", returned);
  };
}

/** Claim when few items are left; when there were none to have, not before a while. */
export function refill(): void {
  if (queue.value.waiting.length < REFILL_BELOW && Date.now() >= restUntil) void claim();
}

/** Claim now: the waiting items have fresh suggestions, or items may have become free. */
export function refresh(): void {
  restUntil = 0;
  void claim();
}

/** Make room for what a new model asks first: all but the next items go back, and fresh ones come. */
export async function renew(): Promise<void> {
  const { queue: thinner, given } = thinned(queue.value, KEPT);
  queue.value = thinner;
  if (given.length > 0) await post("/api/release", { items: given }).catch(() => undefined);
  refresh();
}

async function claim(): Promise<void> {
  if (seats === 0) return;
  again = claiming;
  if (claiming) return;
  claiming = true;
  queue.value = claimed(unexpired(queue.value, Date.now()));
  const number = queue.value.claims;
  const asked = Math.min(MOST, 1 + AHEAD + unsent());
  try {
    takeIn(await post<Claimed>("/api/claim", { n: asked }), { claim: number, asked });
  } catch {
    restUntil = Date.now() + ASK_AGAIN;
  } finally {
    claiming = false;
    if (again) void claim();
  }
}

function takeIn(reply: Claimed, about: { claim: number; asked: number }): void {
  const before = queue.value.waiting.length;
  queue.value = arrived(queue.value, reply.items, about);
  supply.value = { state: reply.state, message: reply.message };
  for (const item of [queue.value.visible, ...queue.value.waiting]) if (item) prepare(item);
  if (queue.value.waiting.length <= before) restUntil = Date.now() + ASK_AGAIN;
}

async function heartbeat(): Promise<void> {
  if (!queue.value.visible) return;
  try {
    const { leases } = await post<Leases>("/api/heartbeat");
    queue.value = renewed(queue.value, new Map(leases.map((one) => [one.item, one.expires])));
  } catch {
    // The outbox tells of a lost server; the leases are asked for again by the next claim.
  }
}

/** A laptop that slept: its leases may have ended. */
function returned(): void {
  if (document.visibilityState !== "visible") return;
  queue.value = unexpired(queue.value, Date.now());
  refresh();
  void heartbeat();
}

function giveBack(): void {
  const held = [queue.value.visible, ...queue.value.waiting].filter((item) => item?.lease);
  if (held.length > 0) beacon("/api/release", { items: held.map((item) => item!.id) });
  queue.value = { ...queue.value, waiting: [] };
}
