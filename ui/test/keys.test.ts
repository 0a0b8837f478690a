import assert from "node:assert/strict";
import { test } from "node:test";
import { bindings, command } from "../core/keys.ts";
import type { Press } from "../core/press.ts";

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  code: "",
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  ...more,
});

test("each key asks for its action", () => {
  for (const [key, action] of [
    ["Enter", "accept"], ["s", "skip"], ["u", "unsure"], ["z", "undo"], ["f", "flag"], ["c", "comment"],
    ["w", "why"], ["g", "guidelines"], ["?", "help"], ["Escape", "close"], ["a", "adopt"], ["h", "hide"], ["/", "find"],
  ] as const) {
    assert.equal(command(press(key))?.action, action, key);
  }
});

test("digits answer, from the number pad too", () => {
  assert.deepEqual(command(press("3")), { action: "answer", digit: "3" });
  assert.deepEqual(command(press("7", { code: "Numpad7" })), { action: "answer", digit: "7" });
  assert.deepEqual(command(press("0")), { action: "answer", digit: "0" });
});

test("digits are found by place where they need Shift", () => {
  assert.deepEqual(command(press("&", { code: "Digit1" })), { action: "answer", digit: "1" });
});

test("letters are found by place on keyboards without Latin letters", () => {
  assert.equal(command(press("ы", { code: "KeyS" }))?.action, "skip");
  assert.equal(command(press("я", { code: "KeyZ", shiftKey: true }))?.action, "redo");
});

test("Shift tells redo from undo, capitals are letters, ? needs its Shift", () => {
  assert.equal(command(press("Z", { shiftKey: true }))?.action, "redo");
  assert.equal(command(press("z"))?.action, "undo");
  assert.equal(command(press("?", { shiftKey: true }))?.action, "help");
});

test("Ctrl+Z and Cmd+Shift+Z go back and forth; other combinations are the browser's", () => {
  assert.equal(command(press("z", { ctrlKey: true }))?.action, "undo");
  assert.equal(command(press("Z", { metaKey: true, shiftKey: true }))?.action, "redo");
  assert.equal(command(press("c", { ctrlKey: true })), null);
  assert.equal(command(press("s", { altKey: true })), null);
});

test("a held-down key answers once", () => {
  assert.equal(command(press("1", { repeat: true })), null);
});

test("no two actions share a key, and each has a cap, a name and a hint", () => {
  const keys = bindings.map((one) => `${one.shift ? "shift " : ""}${one.key}`);
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(bindings.every((one) => one.cap && one.name && one.hint));
});
