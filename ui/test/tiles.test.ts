import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST, SIDE, spare, tilesOf } from "../core/tiles.ts";
import type { Look } from "../core/zoom.ts";

const ROOM = { width: 1000, height: 600 };
const ICE = { size: { width: 4096, height: 4096 }, factor: 2 };
const look = (scale: number, x = 0, y = 0): Look => ({ x, y, scale, fitted: false });
const keys = (...asked: Parameters<typeof tilesOf>): string[] => tilesOf(...asked).map(({ key }) => key).sort();

test("while the picture has a pixel for each of the screen no tile is needed", () => {
  assert.deepEqual(tilesOf(ICE, look(0.14), ROOM, 1), []);
  assert.deepEqual(tilesOf(ICE, look(0.5), ROOM, 1), []);
  assert.deepEqual(tilesOf({ ...ICE, factor: 1 }, look(8), ROOM, 1), []);
});

test("just closer, single pixels are asked for, and of those what is seen", () => {
  assert.deepEqual(keys(ICE, look(1), ROOM, 1), ["0/0/0", "0/0/1", "0/1/0", "0/1/1"]);
  assert.deepEqual(keys(ICE, look(8, -8 * 2000, -8 * 1100), ROOM, 1), ["0/3/2", "0/4/2"]);
});

test("a sharp screen needs them earlier", () => {
  assert.deepEqual(tilesOf(ICE, look(0.4), ROOM, 1), []);
  assert.ok(tilesOf(ICE, look(0.4), ROOM, 2).length > 0);
});

test("of a picture at a seventh coarser levels come first", () => {
  const large = { size: { width: 14_000, height: 14_000 }, factor: 7 };
  const levels = [0.2, 0.25, 0.3, 0.6, 3].map((scale) => tilesOf(large, look(scale), ROOM, 1)[0]?.level);
  assert.deepEqual(levels, [2, 2, 1, 0, 0]);
  assert.equal(tilesOf(large, look(1 / 8), ROOM, 1).length, 0);
});

test("the tiles cover what is seen, without a gap and inside the image", () => {
  const { size } = ICE;
  const at = look(0.9, -700, -1500);
  const tiles = tilesOf(ICE, at, ROOM, 1);
  for (const [x, y] of [[0, 0], [999, 0], [0, 599], [999, 599], [500, 300]] as const) {
    const place = { x: (x - at.x) / at.scale, y: (y - at.y) / at.scale };
    const here = tiles.filter((one) => place.x >= one.x && place.x < one.x + one.width && place.y >= one.y && place.y < one.y + one.height);
    assert.equal(here.length, 1, `${x}, ${y}`);
  }
  for (const { x, y, width, height } of tiles) assert.ok(x >= 0 && y >= 0 && x + width <= size.width && y + height <= size.height);
});

test("the last tile is as small as what is left; a pixel of a coarser level keeps its size", () => {
  const size = { width: 2 * SIDE + 5, height: 100 };
  const last = (factor: number, scale: number) => tilesOf({ size, factor }, look(scale), { width: 4000, height: 400 }, 1).find((one) => one.x === 2 * SIDE);
  assert.deepEqual([last(2, 1)?.width, last(2, 1)?.height], [5, 100]);
  assert.deepEqual([last(4, 0.5)?.width, last(4, 0.5)?.height], [6, 100]);
});

test("the middle comes first", () => {
  const [first] = tilesOf(ICE, look(1, -1036, -980), ROOM, 1);
  assert.equal(first?.key, "0/2/2");
});

test("a screen that would need too many gets a coarser level, or the picture", () => {
  const wall = { width: 7680, height: 4320 };
  const huge = { size: { width: 32_768, height: 32_768 }, factor: 16 };
  const found = tilesOf(huge, look(0.6), wall, 1);
  assert.ok(found.length > 0 && found.length <= MOST);
  assert.ok(found[0]!.level > 0);
  assert.deepEqual(tilesOf({ ...huge, factor: 2 }, look(0.6), wall, 1), []);
});

test("an image moved out of the screen needs none", () => {
  assert.deepEqual(tilesOf(ICE, look(1, 5000, 0), ROOM, 1), []);
  assert.deepEqual(tilesOf(ICE, look(1, -5000, 0), ROOM, 1), []);
});

test("other levels stay below until all that is seen is there", () => {
  assert.deepEqual(spare(["1/0/0", "0/0/0"], ["0/0/0", "0/1/0"], false), []);
  assert.deepEqual(spare(["1/0/0", "0/7/7", "0/0/0"], ["0/0/0"], true), ["1/0/0"]);
});

test("of more than there is room for the oldest go, and never one that is seen", () => {
  const held = Array.from({ length: MOST + 2 }, (_, at) => `0/${at}/0`);
  assert.deepEqual(spare(held, ["0/0/0"], false), ["0/1/0", "0/2/0"]);
  assert.deepEqual(spare(held, ["0/0/0"], true), ["0/1/0", "0/2/0"]);
});
