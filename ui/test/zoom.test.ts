import assert from "node:assert/strict";
import { test } from "node:test";
import { drawn, fit, pan, zoom } from "../core/zoom.ts";
import type { Look } from "../core/zoom.ts";

const STAGE = { width: 1000, height: 600 };
const LARGE = { width: 4000, height: 1200 };
const SMALL = { width: 8, height: 8 };

test("a large image is shown whole and centred", () => {
  assert.deepEqual(fit(LARGE, STAGE), { x: 0, y: 150, scale: 0.25, fitted: true });
});

test("a small image grows by a whole factor", () => {
  assert.deepEqual(fit({ width: 300, height: 200 }, STAGE), { x: 50, y: 0, scale: 3, fitted: true });
  assert.equal(fit({ width: 900, height: 590 }, STAGE).scale, 1);
  assert.equal(fit(SMALL, STAGE).scale, 75);
});

test("what lies under the pointer stays there while zooming", () => {
  const about = { x: 700, y: 250 };
  const before = fit(LARGE, STAGE);
  const after = zoom(before, 8, about, LARGE, STAGE);
  const under = (look: Look) => ({ x: (about.x - look.x) / look.scale, y: (about.y - look.y) / look.scale });
  assert.deepEqual(under(after), under(before));
  assert.equal(after.fitted, false);
});

test("zooming in and out again ends where it began", () => {
  const about = { x: 500, y: 300 };
  const begun = fit(LARGE, STAGE);
  const back = zoom(zoom(begun, 4, about, LARGE, STAGE), 1 / 4, about, LARGE, STAGE);
  assert.deepEqual({ ...back, fitted: true }, begun);
});

test("the scale has ends, and a small image may still be shown whole", () => {
  const about = { x: 0, y: 0 };
  assert.equal(zoom(fit(LARGE, STAGE), 1e6, about, LARGE, STAGE).scale, 40);
  assert.equal(zoom(fit(LARGE, STAGE), 1e-6, about, LARGE, STAGE).scale, 0.125);
  assert.equal(zoom(fit(SMALL, STAGE), 1, about, SMALL, STAGE).scale, 75);
});

test("no drag loses the image", () => {
  const near = zoom(fit(LARGE, STAGE), 8, { x: 500, y: 300 }, LARGE, STAGE);
  for (const by of [-1e6, 1e6]) {
    const { x, y, scale } = pan(near, { x: by, y: by }, LARGE, STAGE);
    assert.ok(x < STAGE.width && x + LARGE.width * scale > 0);
    assert.ok(y < STAGE.height && y + LARGE.height * scale > 0);
  }
  const whole = fit(LARGE, STAGE);
  assert.deepEqual(pan(whole, { x: 0, y: 1e6 }, LARGE, STAGE), { ...whole, y: 300, fitted: false });
});

test("a smaller picture of an image is drawn so that each of its pixels covers a whole number of the original's", () => {
  assert.deepEqual(drawn({ width: 3838, height: 3710 }, { width: 1919, height: 1855 }), { width: 3838, height: 3710 });
  assert.deepEqual(drawn({ width: 4097, height: 4096 }, { width: 1366, height: 1366 }), { width: 4098, height: 4098 });
  assert.deepEqual(drawn({ width: 640, height: 480 }, { width: 640, height: 480 }), { width: 640, height: 480 });
  assert.deepEqual(drawn({ width: 640, height: 480 }, { width: 200, height: 150 }), { width: 640, height: 480 });
});
