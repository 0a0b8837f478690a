import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, fitted, inside, moved, nearest, rectangle, toMap, toScreen, zoomed } from "../core/cloud.ts";
import { mixed, onRamp, paint, pixel } from "../core/raster.ts";

const square = Float32Array.from([0, 0, 1, 0, 1, 1, 0, 1]);
const size = { width: 200, height: 100 };

test("a fitted camera shows every point, and the screen's y points down", () => {
  const camera = fitted(square, size);
  const places = [0, 1, 2, 3].map((row) => toScreen(camera, size, square[2 * row]!, square[2 * row + 1]!));
  for (const { x, y } of places) assert.ok(x > 0 && x < 200 && y > 0 && y < 100);
  assert.ok(places[0]!.y > places[3]!.y);
});

test("a place on the screen and its place on the map lead to each other", () => {
  const camera = { x: 3, y: -2, zoom: 17 };
  const at = { x: 31, y: 77 };
  const back = toMap(camera, size, at);
  const again = toScreen(camera, size, back.x, back.y);
  assert.ok(Math.abs(again.x - at.x) < 1e-9 && Math.abs(again.y - at.y) < 1e-9);
});

test("zooming keeps what lies under the pointer, moving shifts it by pixels", () => {
  const camera = { x: 3, y: -2, zoom: 17 };
  const at = { x: 31, y: 77 };
  const before = toMap(camera, size, at);
  const after = toMap(zoomed(camera, size, at, 2.5), size, at);
  assert.ok(Math.abs(before.x - after.x) < 1e-9 && Math.abs(before.y - after.y) < 1e-9);
  const shifted = toMap(moved(camera, 10, -4), size, { x: at.x + 10, y: at.y - 4 });
  assert.ok(Math.abs(before.x - shifted.x) < 1e-9 && Math.abs(before.y - shifted.y) < 1e-9);
});

test("one point, and none, can be shown too", () => {
  assert.equal(fitted(Float32Array.from([2, 3]), size).x, 2);
  assert.deepEqual(fitted(new Float32Array(), size), { x: 0, y: 0, zoom: 1 });
});

test("the nearest point is found within a distance, and none beyond", () => {
  assert.equal(nearest(square, { x: 0.9, y: 0.2 }, 0.5), 1);
  assert.equal(nearest(square, { x: 3, y: 3 }, 0.5), -1);
});

test("a lasso takes the points inside, also of a hollow shape", () => {
  const grid = Float32Array.from(Array.from({ length: 100 }, (_, i) => [i % 10, Math.floor(i / 10)]).flat());
  assert.deepEqual(inside(grid, rectangle({ x: 1.5, y: 1.5 }, { x: 3.5, y: 2.5 })), [22, 23]);
  const horseshoe = [[0.5, 0.5], [4.5, 0.5], [4.5, 4.5], [3.5, 4.5], [3.5, 1.5], [1.5, 1.5], [1.5, 4.5], [0.5, 4.5]];
  const taken = inside(grid, horseshoe.map(([x, y]) => ({ x: x!, y: y! })));
  assert.deepEqual(taken, [11, 12, 13, 14, 21, 24, 31, 34, 41, 44]);
  assert.deepEqual(inside(grid, [{ x: 0, y: 0 }, { x: 9, y: 9 }]), []);
});

test("columns are cut from the bytes of the server", () => {
  const bytes = new ArrayBuffer(16);
  new Int16Array(bytes, 0, 2).set([1, -1]);
  new Int16Array(bytes, 4, 2).set([0, -1]);
  new Uint16Array(bytes, 8, 2).set([7, 300]);
  new Uint8Array(bytes, 12, 4).set([254, 255, 0, 3]);
  const found = columnsOf(bytes);
  assert.deepEqual([...found.label, ...found.predicted, ...found.round], [1, -1, 0, -1, 7, 300]);
  assert.deepEqual([...found.unsure, ...found.flags], [254, 255, 0, 3]);
});

test("colours are read, mixed, and lie on ramps in order", () => {
  assert.equal(pixel("#ff8001"), 0xff0180ff);
  assert.equal(mixed(pixel("#000000"), pixel("#ffffff"), 0.5), pixel("#808080"));
  const ramp = ["#000000", "#808080", "#ffffff"].map(pixel);
  assert.equal(onRamp(ramp, 0), ramp[0]);
  assert.equal(onRamp(ramp, 1), ramp[2]);
  assert.equal(onRamp(ramp, 0.5), ramp[1]);
});

test("points become discs, those on top drawn last, those outside left out", () => {
  const picture = { width: 21, height: 21, pixels: new Uint32Array(21 * 21) };
  const [red, blue, white] = [pixel("#ff0000"), pixel("#0000ff"), pixel("#ffffff")];
  const look = { colours: Uint32Array.from([red, blue, red]), onTop: Uint8Array.from([1, 0, 1]), radius: 2, ground: white };
  paint(picture, { x: 0, y: 0, zoom: 1 }, Float32Array.from([0, 0, 0, 0, 900, 900]), look);
  assert.equal(picture.pixels[10 * 21 + 10], red);
  assert.equal(picture.pixels[10 * 21 + 11], red);
  assert.equal(picture.pixels[0], white);
});
