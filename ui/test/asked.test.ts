import assert from "node:assert/strict";
import { test } from "node:test";
import { askedNow, askedOf, cut, partOf, touches } from "../core/asked.ts";
import { labelText } from "../core/format.ts";
import { joined } from "../core/spans.ts";
import { isPart, isPicks } from "../core/types.ts";

const span = (start: number, end: number, label = "PER") => ({ start, end, label });
const ASKED = [
  [4, 8],
  [20, 24],
];

test("only stretches in whole numbers are stretches: a column of the same name is none", () => {
  assert.deepEqual(askedOf({ text: "x", asked: ASKED }), ASKED);
  for (const asked of [undefined, null, [], "yes", [4, 8], [[4]], [["4", "8"]], [[4.5, 8]]]) assert.equal(askedOf({ asked }), null);
});

test("stretches that leave only white space are everything, counted by code point", () => {
  const asked = [[0, 5]];
  assert.equal(askedOf({ text: "💙 Ada \n", asked }), null);
  assert.equal(askedOf({ text: "💙 Ada !", asked }), asked);
});

test("an answer is about its own stretches, a plain list about everything, none about what the item asks for", () => {
  assert.deepEqual(askedNow({ asked: ASKED }, null), ASKED);
  assert.equal(askedNow({ asked: ASKED }, []), null);
  assert.deepEqual(askedNow({ asked: ASKED }, { spans: [], asked: [[0, 3]] }), [[0, 3]]);
  assert.equal(askedNow({ text: "x" }, null), null);
});

test("a span touches a stretch with one character, and not as its neighbour", () => {
  assert.equal(touches(span(0, 5), ASKED), true);
  assert.equal(touches(span(0, 4), ASKED), false);
  assert.equal(touches(span(8, 9), ASKED), false);
});

test("no span of a person is lost: one at the edge is left to the server, one elsewhere brings its own stretch", () => {
  const marked = [span(0, 6), span(10, 12), span(20, 21)];
  assert.deepEqual(partOf(marked, ASKED), { spans: marked, asked: [[4, 8], [20, 24], [10, 12]] });
  assert.deepEqual(ASKED, [[4, 8], [20, 24]]);
});

test("what the model says is cut down to what is asked, and to nothing else", () => {
  const said = [span(0, 6), span(10, 12)];
  assert.deepEqual(cut(said, ASKED), { spans: [span(0, 6)], asked: ASKED });
  assert.deepEqual(cut([], ASKED), { spans: [], asked: ASKED });
  assert.equal(cut(said, null), said);
  assert.equal(cut(null, ASKED), null);
});

test("the label of a part is told from the others, and has words", () => {
  assert.equal(isPart(partOf([], ASKED)), true);
  for (const other of [null, "PER", [], [span(0, 1)], { points: [], searched: null }]) assert.equal(isPart(other), false);
  assert.equal(isPicks(partOf([], ASKED)), false);
  assert.equal(labelText(partOf([span(4, 5), span(5, 6)], ASKED)), "2 × PER in the part asked");
  assert.equal(labelText(partOf([], ASKED)), "none in the part asked");
});

test("ranges join where they share characters or follow each other", () => {
  const ranges = [span(6, 9), span(0, 2), span(2, 4), span(7, 8)];
  assert.deepEqual(joined(ranges), [{ start: 0, end: 4 }, { start: 6, end: 9 }]);
  assert.deepEqual(joined([]), []);
});
