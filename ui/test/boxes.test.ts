import assert from "node:assert/strict";
import { test } from "node:test";
import type { Box, Boxing, Sides } from "../core/boxes.ts";
import {
  activate, activeBox, adopt, atLeast, begin, boxesOf, click, cycle, draw, gripAt, insert, move, name, redo, remove, resize, undo,
} from "../core/boxes.ts";

const size = { width: 100, height: 80 };
const cell = (...box: Sides): Box => ({ label: "cell", box });
const blank = (...boxes: Box[]): Boxing => begin({ size, boxes, offered: [], suggested: false, name: "cell" });
const sides = (boxing: Boxing): Sides[] => boxesOf(boxing).map(({ box }) => [...box] as unknown as Sides);
const at = (x: number, y: number) => ({ x, y });

test("a box is drawn from any corner to the one across, in hundredths of a pixel", () => {
  assert.deepEqual(sides(draw(blank(), at(30, 40), at(10.123, 20.456))), [[10.12, 20.46, 19.88, 19.54]]);
  assert.deepEqual(activeBox(draw(blank(), at(1, 2), at(4, 8))), cell(1, 2, 3, 6));
});

test("a box is cut to the image, and never thinner than a pixel", () => {
  assert.deepEqual(sides(draw(blank(), at(-20, 70), at(120, 200))), [[0, 70, 100, 10]]);
  assert.deepEqual(sides(draw(blank(), at(50, 50), at(50, 60))), [[50, 50, 1, 10]]);
  assert.deepEqual(sides(draw(blank(), at(150, 90), at(160, 95))), [[99, 79, 1, 1]]);
});

test("moving keeps the size and stops at the border", () => {
  const held = activate(blank(cell(10, 10, 20, 10)), 0);
  assert.deepEqual(sides(move(held, at(5, -3))), [[15, 7, 20, 10]]);
  assert.deepEqual(sides(move(held, at(500, -300))), [[80, 0, 20, 10]]);
  assert.deepEqual(sides(move(blank(cell(10, 10, 20, 10)), at(5, 5))), [[10, 10, 20, 10]]);
});

test("a grip moves its edges alone; edges may pass each other; the image holds them", () => {
  const held = activate(blank(cell(10, 10, 20, 10)), 0);
  assert.deepEqual(sides(resize(held, "e", at(5, 99))), [[10, 10, 25, 10]]);
  assert.deepEqual(sides(resize(held, "nw", at(2, 3))), [[12, 13, 18, 7]]);
  assert.deepEqual(sides(resize(held, "w", at(30, 0))), [[30, 10, 10, 10]]);
  assert.deepEqual(sides(resize(held, "se", at(500, 500))), [[10, 10, 90, 70]]);
});

test("a number names the box at hand, else the next box", () => {
  const held = activate(blank(cell(0, 0, 5, 5)), 0);
  assert.equal(activeBox(name(held, "dirt"))!.label, "dirt");
  const next = name(blank(), "dirt");
  assert.equal(boxesOf(draw(next, at(0, 0), at(5, 5)))[0]!.label, "dirt");
  assert.equal(next.steps.past.length, 0);
});

test("a click takes the smallest box under it, then the next larger, then the first again", () => {
  const nested = blank(cell(0, 0, 60, 60), cell(10, 10, 20, 20));
  const one = click(nested, at(15, 15), 0);
  assert.equal(one.active, 1);
  assert.equal(click(one, at(15, 15), 0).active, 0);
  assert.equal(click(click(one, at(15, 15), 0), at(15, 15), 0).active, 1);
  assert.equal(click(one, at(90, 70), 0).active, null);
});

test("Tab goes from top left to bottom right, and through overlapping boxes in a row", () => {
  const boxes = blank(cell(0, 0, 20, 20), cell(50, 1, 10, 10), cell(10, 15, 20, 20));
  const order: (number | null)[] = [];
  for (let now = cycle(boxes, 1); order.length < 4; now = cycle(now, 1)) order.push(now.active);
  assert.deepEqual(order, [0, 2, 1, null]);
  assert.equal(cycle(boxes, -1).active, 1);
  assert.equal(cycle(blank(), 1).active, null);
});

test("a grip is found at corners and edges, and the middle of a small box is free", () => {
  const held = activate(blank(cell(10, 10, 20, 10)), 0);
  assert.equal(gripAt(held, at(10, 10), 3), "nw");
  assert.equal(gripAt(held, at(30.5, 15), 3), "e");
  assert.equal(gripAt(held, at(20, 20), 3), "s");
  assert.equal(gripAt(held, at(20, 15), 3), "");
  assert.equal(gripAt(held, at(60, 15), 3), "");
  assert.equal(gripAt(activate(blank(cell(10, 10, 4, 4)), 0), at(12, 12), 8), "");
});

test("undo goes back step by step, redo forth; arrows in a row are one step", () => {
  const held = activate(blank(cell(10, 10, 5, 5)), 0);
  const moved = move(move(move(held, at(1, 0), "key"), at(1, 0), "key"), at(0, 1), "key");
  const gone = remove(moved);
  assert.deepEqual(sides(gone), []);
  assert.deepEqual(sides(undo(gone)), [[12, 11, 5, 5]]);
  assert.deepEqual(sides(undo(undo(gone))), [[10, 10, 5, 5]]);
  assert.equal(undo(held), held);
  assert.deepEqual(sides(redo(redo(undo(undo(gone))))), []);
  assert.equal(redo(gone), gone);
});

test("arrows on two boxes in turn are two steps", () => {
  const first = move(activate(blank(cell(10, 10, 5, 5), cell(40, 40, 5, 5)), 0), at(1, 0), "key");
  const both = move(activate(first, 1), at(1, 0), "key");
  assert.deepEqual(sides(undo(both)), [[11, 10, 5, 5], [40, 40, 5, 5]]);
});

test("the threshold shows what the model is sure of, until the boxes are the person's", () => {
  const offered = [0.9, 0.6, 0.2].map((score, index) => ({ ...cell(10 * index, 0, 5, 5), score }));
  const start = begin({ size, boxes: offered.slice(0, 2).map(({ label, box }) => ({ label, box })), offered, suggested: true, name: "cell" });
  assert.equal(boxesOf(atLeast(start, 0.1)).length, 3);
  assert.equal(boxesOf(atLeast(start, 0.7)).length, 1);
  assert.deepEqual(boxesOf(atLeast(start, 0.7))[0], cell(0, 0, 5, 5));
  assert.equal(atLeast(start, 7).threshold, 1);
  assert.equal(atLeast(adopt(start), 0.1).steps.now.length, 2);
  assert.equal(remove(activate(start, 0)).suggested, false);
});

test("a new box by key has the usual size, in the middle of what is seen", () => {
  assert.deepEqual(sides(insert(blank(), at(50, 40))), [[40, 32, 20, 16]]);
  assert.deepEqual(sides(insert(blank(cell(0, 0, 8, 6)), at(50, 40)))[1], [46, 37, 8, 6]);
});
