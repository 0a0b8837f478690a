import assert from "node:assert/strict";
import { test } from "node:test";
import { taskType } from "../core/types.ts";

test("a schema's form is read from type or task", () => {
  assert.equal(taskType({ type: "spans", labels: [] }), "spans");
  assert.equal(taskType({ task: "multilabel", labels: [] }), "multilabel");
  assert.equal(taskType({ task: "classification", labels: [] }), "classification");
});
