import assert from "node:assert/strict";
import { test } from "node:test";
import { bandPath, linePath, scale, shareFloor, ticks } from "../core/chart.ts";

const point = (x: number, y: number, by = 0.1) => ({ x, y, low: y - by, high: y + by });

test("a scale maps ends to ends, and a single value to the start", () => {
  const across = scale([0, 200], [40, 640]);
  assert.deepEqual([0, 100, 200].map(across), [40, 340, 640]);
  assert.equal(scale([3, 3], [40, 640])(3), 40);
});

test("ticks are round and lie inside", () => {
  assert.deepEqual(ticks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(0.5, 1), [0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  assert.deepEqual(ticks(0, 230), [0, 50, 100, 150, 200]);
  assert.deepEqual(ticks(0, 3, 5), [0, 1, 2, 3]);
  assert.deepEqual(ticks(7, 7), [7]);
});

test("an axis is cut only when nothing is lost below", () => {
  assert.equal(shareFloor([point(10, 0.7), point(20, 0.8)]), 0.5);
  assert.equal(shareFloor([point(10, 0.55), point(20, 0.8)]), 0);
  assert.equal(shareFloor([]), 0);
});

test("paths run through the points, the band there and back", () => {
  const same = scale([0, 10], [0, 10]);
  const points = [point(0, 1, 0.5), point(10, 2, 0.5)];
  assert.equal(linePath(points, same, same), "M0 1L10 2");
  assert.equal(bandPath(points, same, same), "M0 1.5L10 2.5L10 1.5L0 0.5Z");
  assert.equal(bandPath([], same, same), "");
});
