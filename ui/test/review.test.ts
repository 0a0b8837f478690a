import assert from "node:assert/strict";
import { test } from "node:test";
import { arrived, decided, fresh, inWords, putOff, said, undone, unsaid } from "../core/review.ts";
import type { Doubt, Reply } from "../core/review.ts";

const doubt = (id: string, mine: Doubt["item"]["mine"] = null): Doubt =>
  ({ item: { id, mine }, kind: "label-errors", score: 0.9, reason: "", label: "cat", said: [], other: "dog", chance: 0.9, own: 0.1 }) as unknown as Doubt;
const reply = (...ids: string[]): Reply => ({
  kind: "label-errors", items: ids.map((id) => doubt(id)), counts: { "label-errors": ids.length, unsure: 2 }, sentence: "", behind: 0,
});
const ids = (review: { open: readonly Doubt[] }) => review.open.map((one) => one.item.id);
const none = new Set<string>();
const uid = () => "u";

test("the visible doubt stays when news arrive", () => {
  const first = arrived(fresh("label-errors"), reply("a", "b"), none);
  assert.deepEqual(ids(arrived(first, reply("c", "b", "a"), none)), ["a", "c", "b"]);
});

test("what was decided does not come back from a reply that did not know of it", () => {
  const review = decided(arrived(fresh("label-errors"), reply("a", "b"), none), null);
  assert.deepEqual(ids(review), ["b"]);
  assert.equal(review.counts["label-errors"], 1);
  assert.deepEqual(ids(arrived(review, reply("a", "b", "c"), new Set(["a"]))), ["b", "c"]);
});

test("a reply of another kind changes nothing", () => {
  const review = fresh("unsure");
  assert.equal(arrived(review, reply("a"), none), review);
});

test("what is put off comes last, also after a reply", () => {
  const review = putOff(arrived(fresh("label-errors"), reply("a", "b", "c"), none));
  assert.deepEqual(ids(review), ["b", "c", "a"]);
  assert.deepEqual(ids(arrived(review, reply("a", "b", "c"), none)), ["b", "c", "a"]);
});

test("undo brings the last decision back, once each", () => {
  const review = decided(decided(arrived(fresh("label-errors"), reply("a", "b"), none), null), "dog");
  const step = undone(review)!;
  assert.equal(step.decision.label, "dog");
  assert.deepEqual(ids(step.review), ["b"]);
  assert.deepEqual(ids(undone(step.review)!.review), ["a", "b"]);
  assert.equal(undone(undone(step.review)!.review), null);
});

test("keeping is a note and no answer; changing is both", () => {
  assert.deepEqual(said({ doubt: doubt("a"), label: null }, uid), [{ uid: "u", item: "a", kind: "note", reviewed: true }]);
  assert.deepEqual(said({ doubt: doubt("a"), label: "dog" }, uid), [
    { uid: "u", item: "a", kind: "label", label: "dog" },
    { uid: "u", item: "a", kind: "note", reviewed: true, informed: true },
  ]);
});

test("undo gives back what this person had said before, or takes the answer back", () => {
  const off = { uid: "u", item: "a", kind: "note", reviewed: false };
  assert.deepEqual(unsaid({ doubt: doubt("a"), label: null }, uid), [off]);
  const open = { ...off, informed: false };
  assert.deepEqual(unsaid({ doubt: doubt("a"), label: "dog" }, uid), [{ uid: "u", item: "a", kind: "retract" }, open]);
  const mine = { kind: "label" as const, label: "cat", at: 1, informed: false };
  assert.deepEqual(unsaid({ doubt: doubt("a", mine), label: "dog" }, uid), [{ uid: "u", item: "a", kind: "label", label: "cat" }, open]);
  const changed = { ...mine, informed: true };
  const again = [{ uid: "u", item: "a", kind: "label", label: "cat" }, { ...off, informed: true }];
  assert.deepEqual(unsaid({ doubt: doubt("a", changed), label: "dog" }, uid), again, "a label of a review stays one");
  const unsure = { kind: "unsure" as const, label: null, at: 1, informed: false };
  assert.deepEqual(unsaid({ doubt: doubt("a", unsure), label: "dog" }, uid), [{ uid: "u", item: "a", kind: "unsure" }, open]);
});

test("a probability in words", () => {
  assert.deepEqual([0.99, 0.85, 0.7, 0.5].map(inWords), ["almost surely", "very probably", "probably", "perhaps"]);
});
