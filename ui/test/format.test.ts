import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, bytes, confidence, counted, duration, labelText, percent } from "../core/format.ts";

test("numbers have units and never claim certainty they lack", () => {
  assert.equal(percent(0.912, 1), "91.2 %");
  assert.equal(confidence(0.6231), "0.62");
  assert.equal(confidence(0.9999), "> 0.99");
  assert.equal(confidence(0.0001), "< 0.01");
  assert.equal(confidence(1), "1.00");
  assert.equal(counted(1, "answer"), "1 answer");
  assert.equal(counted(1_200, "answer"), "1,200 answers");
});

test("times are told in their largest whole unit", () => {
  assert.deepEqual([0.2, 40, 90, 3_700, 200_000].map(duration), ["0 s", "40 s", "1 min", "1 h", "2 d"]);
  assert.equal(ago(0.4), "just now");
  assert.equal(ago(40), "40 s ago");
});

test("sizes are told in steps of a thousand", () => {
  assert.deepEqual([0, 999, 1_500, 25_000, 3_200_000, 5e12].map(bytes), ["0 B", "999 B", "1.5 kB", "25 kB", "3.2 MB", "5000 GB"]);
});

test("labels of every form have words", () => {
  assert.equal(labelText("benign"), "benign");
  assert.equal(labelText(3), "3");
  assert.equal(labelText(["a", "b"]), "a, b");
  assert.equal(labelText([]), "none");
  assert.equal(labelText(null), "");
  const span = { start: 0, end: 1, label: "PER" };
  assert.equal(labelText([span, { ...span, start: 2, end: 3 }, { ...span, label: "ORG" }]), "2 × PER, ORG");
  assert.equal(labelText([{ label: "RBC", box: [0, 0, 4, 4] }, { label: "WBC", box: [0, 0, 4, 4] }]), "RBC, WBC");
  assert.equal(labelText({ points: [[1, 2], [3, 4]], searched: null }), "2 particles");
  assert.equal(labelText({ points: [], searched: null }), "none");
});
