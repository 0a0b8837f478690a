import assert from "node:assert/strict";
import { test } from "node:test";
import type { Marking } from "../core/marking.ts";
import { begin, clear, click, cycle, drag, head, label, redo, remove, selected, step, undo } from "../core/marking.ts";

const TEXT = "Tim Cook, of Apple Inc.";
const plain = (text = TEXT, overlap = false): Marking => begin(text, [], { suggested: false, overlap });
const chosen = (marking: Marking): string | null => {
  const range = selected(marking);
  return range && marking.text.slice(range.start, range.end);
};
const marked = ({ text, spans }: Marking): string[] =>
  spans.map(({ start, end, label: name }) => `${name}:${text.slice(start, end)}`);

test("click on the first token and on the last selects all between, in either order", () => {
  assert.equal(chosen(click(click(plain(), 1), 5)), "Tim Cook");
  assert.equal(chosen(click(click(plain(), 5), 1)), "Tim Cook");
  assert.equal(chosen(click(click(click(plain(), 1), 5), 14)), "Apple");
  assert.equal(chosen(click(plain(), 3)), null);
});

test("Shift and click grows any selection", () => {
  assert.equal(chosen(click(drag(plain(), { start: 4, end: 5 }, false), 14, { extend: true })), "Cook, of Apple");
});

test("exact clicks take the first and the last character", () => {
  assert.equal(chosen(click(click(plain(), 5, { exact: true }), 6, { exact: true })), "oo");
  assert.equal(chosen(click(plain(), 3, { exact: true })), null);
});

test("arrows walk over tokens, and with Shift they grow and shrink", () => {
  const two = step(step(plain(), 1), 1, { extend: true });
  assert.equal(chosen(two), "Tim Cook");
  assert.equal(chosen(step(two, -1, { extend: true })), "Tim");
  assert.equal(chosen(step(two, 1)), ",");
  assert.equal(chosen(step(plain(), -1)), ".");
  assert.equal(chosen(step(step(plain(), 1), -1)), "Tim");
});

test("exact steps go by what a reader sees as one character", () => {
  const text = "a👩‍👩‍👧b";
  const first = begin(text, [], { suggested: false, overlap: false });
  const begun = drag(first, { start: 0, end: 1 }, true);
  assert.equal(chosen(step(begun, 1, { extend: true, exact: true })), "a👩‍👩‍👧");
});

test("a number names the selection, and the arrows go on from there", () => {
  const named = label(click(click(plain(), 1), 5), "PER");
  assert.deepEqual(marked(named), ["PER:Tim Cook"]);
  assert.equal(selected(named), null);
  assert.equal(chosen(step(named, 1)), ",");
});

test("without a selection a number changes nothing", () => {
  const before = plain();
  assert.equal(label(before, "PER"), before);
});

test("a click on a span makes it active: a number retypes it, Del removes it", () => {
  const active = click(label(click(plain(), 1), "PER"), 1);
  assert.equal(active.active, 0);
  assert.deepEqual(marked(label(active, "ORG")), ["ORG:Tim"]);
  assert.deepEqual(marked(remove(active)), []);
});

test("Del removes every span under the selection, and nothing elsewhere", () => {
  const both = label(click(label(click(plain(), 1), "PER"), 14), "ORG");
  assert.deepEqual(marked(remove(drag(both, { start: 0, end: 8 }, false))), ["ORG:Apple"]);
  assert.equal(remove(both), both);
});

test("Tab cycles over the spans and then lets go", () => {
  let marking = label(click(label(click(plain(), 14), "ORG"), 1), "PER");
  const seen: (number | null)[] = [];
  for (let round = 0; round < 3; round++) seen.push((marking = cycle(marking, 1)).active);
  assert.deepEqual(seen, [0, 1, null]);
  assert.equal(cycle(marking, -1).active, 1);
  assert.equal(cycle(plain(), 1).active, null);
});

test("of spans inside each other a click reaches the inner one", () => {
  const outer = label(drag(plain(TEXT, true), { start: 0, end: 23 }, false), "ALL");
  const nested = label(drag(outer, { start: 0, end: 3 }, false), "PER");
  assert.deepEqual(marked(nested), [`ALL:${TEXT}`, "PER:Tim"]);
  assert.equal(click(nested, 1).active, 1);
  assert.equal(click(nested, 5).active, 0);
});

test("undo and redo go through every change and forget the future at a new one", () => {
  const one = label(click(plain(), 1), "PER");
  const two = label(click(one, 14), "ORG");
  assert.deepEqual(marked(undo(two)), ["PER:Tim"]);
  assert.deepEqual(marked(undo(undo(two))), []);
  assert.deepEqual(marked(redo(redo(undo(undo(two))))), ["PER:Tim", "ORG:Apple"]);
  assert.equal(redo(label(click(undo(two), 5), "PER")).future.length, 0);
  const fresh = plain();
  assert.equal(undo(fresh), fresh);
  assert.equal(redo(fresh), fresh);
});

test("a suggestion stays one until the first change, which starts from it", () => {
  const suggested = begin(TEXT, [{ start: 0, end: 8, label: "PER" }], { suggested: true, overlap: false });
  assert.ok(clear(click(suggested, 1)).suggested);
  const changed = label(click(suggested, 14), "ORG");
  assert.ok(!changed.suggested && !undo(changed).suggested);
  assert.deepEqual(marked(changed), ["PER:Tim Cook", "ORG:Apple"]);
});

test("letting go remembers the place", () => {
  const released = clear(click(plain(), 14));
  assert.equal(selected(released), null);
  assert.deepEqual(head(released), { start: 13, end: 18 });
});
