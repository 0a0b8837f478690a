import assert from "node:assert/strict";
import { test } from "node:test";
import { turned, written } from "../core/window.ts";

const range = { low: -1000, high: 3000 };

test("to the right the window widens, down it takes darker values: the picture gets brighter", () => {
  const lung = { centre: -600, width: 1500 };
  assert.deepEqual(turned(lung, { x: 50, y: 0 }, range), { centre: -600, width: 1800 });
  assert.deepEqual(turned(lung, { x: 0, y: 50 }, range), { centre: -900, width: 1500 });
});

test("the window stays with the values of the image, and never closes", () => {
  const wide = turned({ centre: 0, width: 4000 }, { x: 9e9, y: -9e9 }, range);
  assert.deepEqual(wide, { centre: 3000, width: 8000 });
  assert.equal(turned({ centre: 0, width: 4000 }, { x: -9e9, y: 0 }, range).width, 4);
  assert.ok(turned({ centre: 5, width: 1 }, { x: -9, y: 9 }, { low: 5, high: 5 }).width > 0);
});

test("a window is written as plain decimals", () => {
  assert.equal(written({ centre: -600, width: 1500 }), "-600,1500");
  assert.equal(written({ centre: 0.25, width: 0.00001 }), "0.25,0.00001");
  assert.equal(written({ centre: 100, width: 10 }), "100,10");
});
