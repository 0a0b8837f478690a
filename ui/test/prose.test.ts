import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, pieces } from "../core/prose.ts";

test("headings, lists and paragraphs are told apart", () => {
  const found = blocks("# How\n- one\n2. two\n\nsome\nwords\n\nmore");
  assert.deepEqual(found.map((one) => [one.kind, one.lines.length]), [["heading", 1], ["list", 2], ["paragraph", 2], ["paragraph", 1]]);
});

test("strong words and code are marked, markup stays text", () => {
  assert.deepEqual(pieces("say **no** to `x` <b>"), [
    { style: "plain", text: "say " },
    { style: "strong", text: "no" },
    { style: "plain", text: " to " },
    { style: "code", text: "x" },
    { style: "plain", text: " <b>" },
  ]);
});
