/**
 * The items at hand: the one on the screen and those fetched ahead. Pure: each function gives a new queue.
 *
 * Two rules hold whatever arrives when. The visible item is never swapped for another. An item that was answered here
 * does not come back from a claim that the server answered before it had the answer.
 */
import type { Item } from "./types.ts";

export interface Queue {
  readonly visible: Item | null;
  readonly waiting: readonly Item[];
  /** Answered items, with the claim that was the latest when the server had the answer; Infinity until it has. */
  readonly closed: ReadonlyMap<string, number>;
  /** How many claims were sent. */
  readonly claims: number;
}

export const emptyQueue: Queue = { visible: null, waiting: [], closed: new Map(), claims: 0 };

/** Note that a claim is being sent; its number is `claims` of the result. */
export const claimed = (queue: Queue): Queue => ({ ...queue, claims: queue.claims + 1 });

/**
 * Take in the reply to claim number `claim`, which asked for `asked` items. Waiting items get their fresh suggestion; those
 * that a full list of ours lacks have been lost to time and go; those brought back have no lease to lose.
 */
export function arrived(queue: Queue, items: readonly Item[], { claim, asked }: { claim: number; asked: number }): Queue {
  const open = items.filter((item) => item.id !== queue.visible?.id && !isClosed(queue, item.id, claim));
  const fresh = new Map(open.map((item) => [item.id, item]));
  const complete = items.length < asked;
  const kept = queue.waiting.filter((item) => fresh.has(item.id) || !complete || item.lease === null).map((item) => fresh.get(item.id) ?? item);
  const known = new Set(kept.map((item) => item.id));
  const closed = new Map([...queue.closed].filter(([, since]) => since >= claim));
  return promoted({ ...queue, waiting: [...kept, ...open.filter((item) => !known.has(item.id))], closed });
}

function isClosed(queue: Queue, id: string, claim: number): boolean {
  const since = queue.closed.get(id);
  return since !== undefined && since >= claim;
}

const promoted = (queue: Queue): Queue => (queue.visible ? queue : next(queue));

function next(queue: Queue): Queue {
  return { ...queue, visible: queue.waiting[0] ?? null, waiting: queue.waiting.slice(1) };
}

/** Close the visible item and show the next one. */
export function advanced(queue: Queue): Queue {
  if (!queue.visible) return queue;
  return next({ ...queue, closed: new Map(queue.closed).set(queue.visible.id, Infinity) });
}

/** Close items that were answered in an earlier visit, and of which the server may not know yet. */
export const answered = (queue: Queue, ids: readonly string[]): Queue => ({
  ...queue,
  closed: new Map([...queue.closed, ...ids.map((id) => [id, Infinity] as const)]),
});

/** Take out items that were answered elsewhere, on another screen. */
export function without(queue: Queue, ids: ReadonlySet<string>): Queue {
  const closed = new Map([...queue.closed, ...[...ids].map((id) => [id, Infinity] as const)]);
  const left = { ...queue, closed, waiting: queue.waiting.filter((item) => !ids.has(item.id)) };
  return queue.visible && ids.has(queue.visible.id) ? next(left) : left;
}

/** Show `item` now; what was visible waits at the front. */
export function brought(queue: Queue, item: Item): Queue {
  const others = queue.waiting.filter((one) => one.id !== item.id);
  const waiting = queue.visible && queue.visible.id !== item.id ? [queue.visible, ...others] : others;
  const closed = new Map(queue.closed);
  closed.delete(item.id);
  return { ...queue, visible: item, waiting, closed };
}

/** The server has the answers to these items: a claim sent from now on knows of them. */
export function confirmed(queue: Queue, ids: readonly string[]): Queue {
  const closed = new Map(queue.closed);
  for (const id of ids) if (closed.has(id)) closed.set(id, queue.claims);
  return { ...queue, closed };
}

/** Take in the new expiry times of leases. */
export function renewed(queue: Queue, expiries: ReadonlyMap<string, number>): Queue {
  const renew = (item: Item): Item => ({ ...item, expires: expiries.get(item.id) ?? item.expires });
  return { ...queue, visible: queue.visible && renew(queue.visible), waiting: queue.waiting.map(renew) };
}

/** Drop waiting items whose lease has ended: somebody else may have them by now. The visible one stays. */
export function unexpired(queue: Queue, now: number): Queue {
  return { ...queue, waiting: queue.waiting.filter((item) => item.expires === null || item.expires > now) };
}

/**
 * Give up the leased items that wait behind the first `keep`, for those that a new model asks first. A claim that is on
 * its way does not bring them back; a later one may.
 */
export function thinned(queue: Queue, keep: number): { queue: Queue; given: string[] } {
  const stays = (item: Item, place: number) => place < keep || item.lease === null;
  const given = queue.waiting.filter((item, place) => !stays(item, place)).map((item) => item.id);
  const closed = new Map([...queue.closed, ...given.map((id) => [id, queue.claims] as const)]);
  return { queue: { ...queue, waiting: queue.waiting.filter(stays), closed }, given };
}

/** Change the visible item in place, for a note of the person on it. */
export function noted(queue: Queue, note: Item["note"]): Queue {
  return queue.visible ? { ...queue, visible: { ...queue.visible, note } } : queue;
}
