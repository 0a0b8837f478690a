import assert from "node:assert/strict";
import { test } from "node:test";
import { below, missing, nameFrom, readNames, tasksOf, wayTo } from "../core/naming.ts";

test("names are lines, each once, and keep commas and numbers", () => {
  assert.deepEqual(readNames(" spam \n\nham, or so\nspam\r\n", []), ["spam", "ham, or so"]);
  assert.deepEqual(readNames("0\n1\nother", [0, 1]), [0, 1, "other"]);
  assert.deepEqual(readNames("", [0]), []);
});

test("a study is named after its file", () => {
  assert.equal(nameFrom("data/cells.csv"), "cells");
  assert.equal(nameFrom("sms.libsvm.gz"), "sms");
  assert.equal(nameFrom("images/"), "images");
  assert.equal(nameFrom("C:\\data\\dr.smith notes.txt"), "dr.smith notes");
  assert.equal(nameFrom(".csv"), ".csv");
});

test("folders are walked below the root", () => {
  assert.equal(below("", "a"), "a");
  assert.equal(below("a/b", "c"), "a/b/c");
  assert.deepEqual(wayTo("a/b"), [
    { name: "root", path: "" },
    { name: "a", path: "a" },
    { name: "b", path: "a/b" },
  ]);
});

test("what is missing is said one thing at a time", () => {
  const whole = { source: true, name: "n", labels: ["a", "b"], task: "classification" };
  assert.equal(missing(whole), null);
  assert.equal(missing({ ...whole, source: false }), "Choose the data first.");
  assert.equal(missing({ ...whole, name: " " }), "Give the study a name.");
  assert.equal(missing({ ...whole, labels: ["a"] }), "Write at least two classes, one a line.");
  assert.equal(missing({ ...whole, labels: [], task: "multilabel" }), "Write at least one label, one a line.");
  assert.equal(missing({ ...whole, labels: [], task: "spans" }), "Write at least one type of span, one a line.");
  assert.equal(missing({ ...whole, labels: [], task: "boxes" }), "Write at least one class of box, one a line.");
  assert.equal(missing({ ...whole, labels: [], task: "particles" }), null);
});

test("tasks are told in our words, and unknown ones in the server's", () => {
  const known = [
    { name: "spans", line: "its own words" },
    { name: "outlines", line: "Outlines in an image." },
  ];
  assert.deepEqual(tasksOf(known), [{ name: "spans", line: "Marked stretches of a text, each with a type." }, known[1]]);
  assert.equal(tasksOf(undefined).length, 5);
});
