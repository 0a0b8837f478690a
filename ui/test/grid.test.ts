import assert from "node:assert/strict";
import { test } from "node:test";
import { all, kept, led, moved, none, nothingPicked, toggled } from "../core/grid.ts";

const ids = ["a", "b", "c", "d", "e"];
const chosen = (picked: { chosen: ReadonlySet<string> }) => [...picked.chosen].sort().join("");

test("a tile is switched on and off", () => {
  const one = toggled(nothingPicked, 2, ids);
  assert.equal(chosen(one), "c");
  assert.equal(chosen(toggled(one, 2, ids)), "");
  assert.equal(toggled(one, 9, ids), one);
});

test("a range goes from the tile switched last, in both directions, and keeps what was chosen", () => {
  const one = toggled(nothingPicked, 2, ids);
  assert.equal(chosen(moved(one, 4, ids, true)), "cde");
  assert.equal(chosen(moved(one, 0, ids, true)), "abc");
  assert.equal(chosen(moved(moved(one, 0, ids, false), 1, ids, true)), "abc");
});

test("moving chooses nothing and stays within the grid", () => {
  const here = moved(nothingPicked, 99, ids, false);
  assert.deepEqual([here.at, here.chosen.size], [4, 0]);
  assert.equal(moved(here, -1, ids, false).at, 0);
});

test("all, none, and what is left when tiles go", () => {
  assert.equal(chosen(all(nothingPicked, ids)), "abcde");
  assert.equal(chosen(none(all(nothingPicked, ids))), "");
  const left = kept(moved(all(nothingPicked, ids), 4, ids, false), ["b", "x"]);
  assert.deepEqual([chosen(left), left.at], ["b", 1]);
  assert.equal(kept(nothingPicked, []).at, 0);
});

test("arrows go by columns and stop at the edge", () => {
  const here = { at: 1, columns: 2, count: 5 };
  assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "x"].map((key) => led(key, here)), [0, 2, 1, 3, 0, 4, null]);
});
