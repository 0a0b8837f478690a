import assert from "node:assert/strict";
import { test } from "node:test";
import { taskType } from "../core/types.ts";

test("a task of an unknown name is answered with one class", () => {
  assert.equal(taskType({ type: "spans", labels: [] }), "spans");
  assert.equal(taskType({ type: "multilabel", labels: [] }), "multilabel");
  assert.equal(taskType({ type: "classification", labels: [] }), "classification");
  assert.equal(taskType({ type: "something", labels: [] }), "classification");
});
