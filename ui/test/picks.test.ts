import assert from "node:assert/strict";
import { test } from "node:test";
import type { Picking, Place } from "../core/picks.ts";
import {
  activate, adopt, atLeast, begin, click, cycle, grow, markedOf, move, nearest, place, pointsOf, redo, remove, search, searchedAll, undo, unsearch,
} from "../core/picks.ts";

const size = { width: 100, height: 80 };
const blank = (...points: Place[]): Picking =>
  begin({ size, marked: { points, diameter: null, searched: null }, offered: [], suggested: false });
const at = (x: number, y: number) => ({ x, y });

test("a click puts a particle, a click on one removes it", () => {
  const one = click(blank(), at(10.126, 20), 5);
  assert.deepEqual(pointsOf(one), [[10.13, 20]]);
  assert.deepEqual(pointsOf(click(one, at(13, 23), 5)), []);
  assert.deepEqual(pointsOf(click(one, at(16, 20), 5)), [[10.13, 20], [16, 20]]);
});

test("of particles in reach the nearest is meant", () => {
  const some = blank([10, 10], [14, 10], [60, 60]);
  assert.equal(nearest(some, at(13, 10), 5), 1);
  assert.equal(nearest(some, at(40, 40), 5), null);
});

test("no two particles have the same centre, as the task asks", () => {
  const one = place(blank([10, 10]), at(10, 10));
  assert.deepEqual(pointsOf(one), [[10, 10]]);
  assert.equal(one.active, 0);
  const two = activate(blank([10, 10], [11, 10]), 1);
  assert.equal(move(two, at(-1, 0)), two);
});

test("places stay on the micrograph, which begins half a pixel before the first centre", () => {
  assert.deepEqual(pointsOf(place(blank(), at(-9, 99))), [[-0.5, 79.5]]);
  assert.deepEqual(pointsOf(move(activate(blank([50, 50]), 0), at(900, -900))), [[99.5, -0.5]]);
});

test("Tab goes from top to bottom and ends", () => {
  const order: (number | null)[] = [];
  for (let now = cycle(blank([5, 50], [90, 10], [5, 10]), 1); order.length < 4; now = cycle(now, 1)) order.push(now.active);
  assert.deepEqual(order, [2, 1, 0, null]);
});

test("the diameter is nobody's until somebody says it, and has limits", () => {
  assert.equal(markedOf(grow(blank(), 2, 30)).diameter, 32);
  assert.equal(markedOf(grow(grow(blank(), 2, 30), 2, 30)).diameter, 34);
  assert.equal(markedOf(grow(blank(), -99, 30)).diameter, 2);
  assert.equal(markedOf(grow(blank(), 999, 30)).diameter, 80);
  assert.equal(markedOf(undo(grow(grow(blank(), 2, 30), 2, 30))).diameter, null);
});

test("searched rectangles are cut to the micrograph, and taken away by a click", () => {
  const one = search(blank([5, 5]), at(-20, 10), at(40, 30));
  assert.deepEqual(markedOf(one).searched, [[-0.5, 10, 40.5, 20]]);
  const two = search(one, at(10, 10), at(20, 20));
  assert.equal(markedOf(two).searched!.length, 2);
  assert.deepEqual(markedOf(unsearch(two, at(15, 15))).searched, markedOf(one).searched);
  assert.equal(markedOf(unsearch(one, at(15, 15))).searched, null);
  assert.equal(unsearch(one, at(90, 70)), one);
  assert.equal(search(one, at(1, 1), at(1.2, 50)), one);
  assert.equal(markedOf(searchedAll(two)).searched, null);
});

test("undo and redo go step by step", () => {
  const three = remove(activate(click(click(blank(), at(10, 10), 2), at(30, 30), 2), 0));
  assert.deepEqual(pointsOf(three), [[30, 30]]);
  assert.deepEqual(pointsOf(undo(three)), [[10, 10], [30, 30]]);
  assert.deepEqual(pointsOf(redo(undo(undo(three)))), [[10, 10], [30, 30]]);
  assert.equal(undo(blank()).steps.past.length, 0);
});

test("the threshold shows what the model is sure of, until the points are the person's", () => {
  const offered = [0.9, 0.6, 0.2].map((score, index) => ({ place: [10 * index, 0] as Place, score }));
  const start = begin({ size, marked: { points: [], diameter: 30, searched: null }, offered, suggested: true });
  assert.equal(pointsOf(atLeast(start, 0.5)).length, 2);
  assert.equal(pointsOf(atLeast(start, 0.05)).length, 3);
  assert.equal(markedOf(atLeast(start, 0.05)).diameter, 30);
  assert.equal(pointsOf(atLeast(adopt(start), 0.5)).length, 0);
  assert.equal(click(atLeast(start, 0.5), at(10, 0), 3).suggested, false);
});

test("ten thousand particles are edited at once", () => {
  const many = blank(...Array.from({ length: 10_000 }, (_, n): Place => [n % 100, Math.floor(n / 100) * 0.7]));
  let now = many;
  for (let step = 0; step < 100; step += 1) now = move(activate(now, step), at(0.31, 0.17), "key");
  assert.equal(pointsOf(now).length, 10_000);
  assert.equal(now.steps.past.length, 100);
});
