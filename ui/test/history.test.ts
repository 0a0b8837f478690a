import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyHistory, pushed, recalled, redone, reversed, undone } from "../core/history.ts";
import type { Entry } from "../core/history.ts";

const entry = (id: string, label = "x"): Entry => ({ id, item: null, given: { kind: "label", label }, before: null });

const history = pushed(pushed(emptyHistory, entry("a")), entry("b"));

test("undo goes back item after item, redo forward again", () => {
  const first = undone(history)!;
  const second = undone(first.history)!;
  assert.deepEqual([first.entry.id, second.entry.id], ["b", "a"]);
  assert.equal(undone(second.history), null);
  const again = redone(second.history)!;
  assert.equal(again.entry.id, "a");
  assert.deepEqual(redone(again.history)!.history, history);
});

test("a new answer after an undo ends what could be redone", () => {
  const after = pushed(undone(history)!.history, entry("c"));
  assert.equal(redone(after), null);
  assert.deepEqual(after.done.map((one) => one.id), ["a", "c"]);
});

test("undoing a first answer retracts it, undoing a changed one gives the earlier again", () => {
  assert.deepEqual(reversed(entry("a")), { kind: "retract" });
  assert.deepEqual(reversed({ ...entry("a"), before: { kind: "unsure" } }), { kind: "unsure" });
});

test("answers of an earlier visit stand before those of this one", () => {
  assert.deepEqual(recalled(history, [entry("z")]).done.map((one) => one.id), ["z", "a", "b"]);
});
