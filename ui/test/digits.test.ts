import assert from "node:assert/strict";
import { test } from "node:test";
import { classAt, digitsOf } from "../core/digits.ts";

const press = (key: string) => ({ key, code: "", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, repeat: false });

test("classes have the numbers of their places, nine of them", () => {
  assert.deepEqual(digitsOf(["good", "bad"]), ["1", "2"]);
  assert.deepEqual(digitsOf([..."abcdefghijk"]).slice(7), ["8", "9", "", ""]);
});

test("a class that is called by a digit has that digit", () => {
  const digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  assert.deepEqual(digitsOf(digits), digits.map(String));
  assert.equal(classAt(digits, press("1")), 1);
  assert.equal(classAt(digits, press("0")), 0);
  assert.equal(digits[classAt(digits, press("7"))!], 7);
});

test("the others have what is left", () => {
  assert.deepEqual(digitsOf(["none", "1", "2"]), ["3", "1", "2"]);
  assert.deepEqual(digitsOf(["3", "a"]), ["3", "2"]);
});

test("no two classes share a digit, whatever they are called", () => {
  for (const names of [["9", ..."abcdefghi"], ["2", "1", "x", "y", "0"], ["1", "one"], [..."0123456789", "more"]]) {
    const given = digitsOf(names).filter((digit) => digit !== "");
    assert.equal(new Set(given).size, given.length, names.join());
  }
});

test("a digit without a class chooses none", () => {
  assert.equal(classAt(["a", "b"], press("3")), null);
  assert.equal(classAt(["a", "b"], press("0")), null);
});
