import assert from "node:assert/strict";
import { test } from "node:test";
import * as Q from "../core/queue.ts";
import type { Item } from "../core/types.ts";

const item = (id: string, more: Partial<Item> = {}): Item => ({
  id,
  lease: `lease-${id}`,
  expires: 1_000,
  view: "text",
  data: { text: id },
  suggestion: null,
  why: "",
  audit: false,
  mine: null,
  note: null,
  ...more,
});

const items = (...ids: string[]): Item[] => ids.map((id) => item(id));

const suggested = (id: string, label: string): Item =>
  item(id, { suggestion: { label, confidence: 0.5, seen: null, round: 2, age_seconds: 0, strategy: "margin" } });

/** A queue after one claim that gave these items. */
function filled(...ids: string[]): Q.Queue {
  return Q.arrived(Q.claimed(Q.emptyQueue), items(...ids), { claim: 1, asked: 9 });
}

const names = (queue: Q.Queue) => [queue.visible?.id ?? null, ...queue.waiting.map((one) => one.id)];

test("the first item of a claim becomes visible, the others wait", () => {
  assert.deepEqual(names(filled("a", "b", "c")), ["a", "b", "c"]);
});

test("the visible item is never swapped, not even for its own fresh version", () => {
  const before = filled("a", "b");
  const after = Q.arrived(Q.claimed(before), [suggested("c", "x"), suggested("a", "x"), suggested("b", "y")], { claim: 2, asked: 9 });
  assert.equal(after.visible, before.visible);
  assert.deepEqual(names(after), ["a", "b", "c"]);
});

test("fresh suggestions replace those of waiting items, in place", () => {
  const after = Q.arrived(Q.claimed(filled("a", "b", "c")), [item("a"), suggested("c", "x"), suggested("b", "y")], { claim: 2, asked: 9 });
  assert.deepEqual(after.waiting.map((one) => one.suggestion?.label), ["y", "x"]);
});

test("an answered item does not come back from a claim sent before the server had the answer", () => {
  let queue = Q.claimed(Q.advanced(filled("a", "b")));
  queue = Q.confirmed(queue, ["a"]);
  queue = Q.arrived(queue, items("a", "b", "c"), { claim: 2, asked: 9 });
  assert.deepEqual(names(queue), ["b", "c"]);
});

test("a skipped item may come back from a claim sent after the server had the skip", () => {
  let queue = Q.confirmed(Q.advanced(filled("a", "b")), ["a"]);
  queue = Q.arrived(Q.claimed(queue), items("b", "a"), { claim: 2, asked: 9 });
  assert.deepEqual(names(queue), ["b", "a"]);
});

test("an unconfirmed answer keeps its item away however many claims come", () => {
  let queue = Q.advanced(filled("a", "b"));
  for (const claim of [2, 3, 4]) queue = Q.arrived(Q.claimed(queue), items("a", "b"), { claim, asked: 9 });
  assert.deepEqual(names(queue), ["b"]);
});

test("waiting items that a complete reply lacks are dropped; a full reply says nothing of them", () => {
  const reply = items("a", "c");
  assert.deepEqual(names(Q.arrived(Q.claimed(filled("a", "b", "c")), reply, { claim: 2, asked: 9 })), ["a", "c"]);
  assert.deepEqual(names(Q.arrived(Q.claimed(filled("a", "b", "c")), reply, { claim: 2, asked: 2 })), ["a", "b", "c"]);
});

test("an item brought back is shown now, the one before it next, and it outlives a complete reply", () => {
  let queue = Q.brought(Q.advanced(filled("a", "b", "c")), item("a", { lease: null, expires: null }));
  assert.deepEqual(names(queue), ["a", "b", "c"]);
  queue = Q.brought(queue, item("z", { lease: null, expires: null }));
  queue = Q.arrived(Q.claimed(queue), items("b", "c"), { claim: 2, asked: 9 });
  assert.deepEqual(names(queue), ["z", "a", "b", "c"]);
});

test("bringing back what is visible changes nothing", () => {
  const queue = filled("a", "b");
  assert.deepEqual(names(Q.brought(queue, item("a"))), ["a", "b"]);
});

test("leases are renewed; waiting items whose lease has ended go, the visible one stays", () => {
  let queue = Q.renewed(filled("a", "b", "c"), new Map([["b", 5_000]]));
  queue = Q.unexpired(queue, 2_000);
  assert.deepEqual(names(queue), ["a", "b"]);
});

test("advancing past the last item leaves nothing visible, and the next claim fills it", () => {
  const empty = Q.advanced(filled("a"));
  assert.deepEqual(names(empty), [null]);
  assert.deepEqual(Q.advanced(empty), empty);
  assert.deepEqual(names(Q.arrived(Q.claimed(empty), items("b"), { claim: 2, asked: 9 })), ["b"]);
});

test("for a new model the items further behind are given up, and no claim on its way brings them back", () => {
  const before = Q.claimed(Q.brought(filled("a", "b", "c", "d"), item("z", { lease: null, expires: null })));
  const { queue, given } = Q.thinned(before, 1);
  assert.deepEqual([names(queue), given], [["z", "a"], ["b", "c", "d"]]);
  const late = Q.arrived(queue, items("a", "b", "c", "d"), { claim: 2, asked: 9 });
  assert.deepEqual(names(late), ["z", "a"]);
  assert.deepEqual(names(Q.arrived(Q.claimed(late), items("a", "e", "b"), { claim: 3, asked: 9 })), ["z", "a", "e", "b"]);
});

test("an item without a lease is never given up", () => {
  const queue = Q.brought(Q.brought(filled("a"), item("y", { lease: null })), item("z", { lease: null }));
  assert.deepEqual(Q.thinned(queue, 0).given, ["a"]);
});

test("a note stays on the visible item", () => {
  assert.deepEqual(Q.noted(filled("a"), { flag: true, comment: "x" }).visible?.note, { flag: true, comment: "x" });
});

test("in a random walk the visible item changes only when a person acts, and no item is shown twice unasked", () => {
  let seed = 7;
  const chance = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const server = { next: 0, open: new Set<string>(), answered: new Set<string>() };
  const serve = () => {
    while (server.open.size < 6) server.open.add(`i${server.next++}`);
    return [...server.open].map((id) => item(id));
  };
  let queue = Q.emptyQueue;
  const flying: { claim: number; reply: Item[] }[] = [];
  const sending: string[] = [];
  const shown: string[] = [];
  for (let step = 0; step < 4_000; step += 1) {
    const before = queue.visible?.id;
    const dice = chance();
    if (dice < 0.3) {
      queue = Q.claimed(queue);
      flying.push({ claim: queue.claims, reply: serve() });
    } else if (dice < 0.6 && flying.length > 0) {
      const { claim, reply } = flying.shift()!;
      queue = Q.arrived(queue, reply, { claim, asked: 9 });
      if (before !== undefined) assert.equal(queue.visible?.id, before);
    } else if (dice < 0.8 && queue.visible) {
      sending.push(queue.visible.id);
      shown.push(queue.visible.id);
      queue = Q.advanced(queue);
    } else if (sending.length > 0) {
      const id = sending.shift()!;
      server.open.delete(id);
      queue = Q.confirmed(queue, [id]);
    }
  }
  assert.ok(shown.length > 100, `only ${shown.length} items`);
  assert.equal(new Set(shown).size, shown.length);
});

test("what an earlier visit answered and could not send does not come back until the server has it", () => {
  const left = Q.claimed(Q.answered(Q.emptyQueue, ["a"]));
  const open = Q.arrived(left, items("a", "b"), { claim: 1, asked: 9 });
  assert.deepEqual(names(open), ["b"]);
  const later = Q.claimed(Q.confirmed(open, ["a"]));
  assert.deepEqual(names(Q.arrived(later, items("a", "b"), { claim: 2, asked: 9 })), ["b", "a"]);
});

test("what was answered on another screen is taken out, and does not come back from a claim on its way", () => {
  const queue = Q.claimed(filled("a", "b", "c"));
  const left = Q.without(queue, new Set(["a", "c"]));
  assert.deepEqual(names(left), ["b"]);
  assert.deepEqual(names(Q.arrived(left, items("a", "c", "d"), { claim: 2, asked: 9 })), ["b", "d"]);
});
