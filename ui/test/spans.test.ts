import assert from "node:assert/strict";
import { test } from "node:test";
import {
  direction,
  fromWire,
  graphemeAt,
  inOrder,
  nextGrapheme,
  nextToken,
  place,
  runs,
  toGraphemes,
  tokenAt,
  tokens,
  toTokens,
  toWire,
} from "../core/spans.ts";

const FAMILY = "👩‍👩‍👧"; // five code points, eight units, one grapheme
const TEXTS = [
  "Tim Cook, of Apple Inc.",
  `I 💙 ${FAMILY} in Zürich`,
  "e\u0301tude nai\u0308ve 🇩🇪🇫🇷",
  "زار محمد القاهرة في 12 مايو",
  "יעל גרה בתל־אביב",
  "東京に住んでいます。",
  "line one\r\nline two\n\nend",
  "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{1F469}\u{1F3FD} x",
];

const piece = (text: string, range: { start: number; end: number } | null): string | null =>
  range && text.slice(range.start, range.end);

/** Count as Python does, in the plainest way. */
const points = (text: string): string[] => Array.from(text);

test("code points on the wire name the same characters as units in the DOM", () => {
  for (const text of TEXTS) {
    const all = points(text);
    for (let start = 0; start < all.length; start++) {
      for (let end = start + 1; end <= all.length; end++) {
        const wire = [{ start, end, label: "X" }];
        const [span] = fromWire(text, wire);
        assert.equal(piece(text, span!), all.slice(start, end).join(""));
        assert.deepEqual(toWire(text, [span!]), wire);
      }
    }
  }
});

test("a span after emoji starts where Python counts it", () => {
  const text = `💙💙 ${FAMILY} Ada`;
  const start = text.indexOf("Ada");
  assert.equal(start, 14);
  assert.deepEqual(toWire(text, [{ start, end: start + 3, label: "PER" }]), [{ start: 9, end: 12, label: "PER" }]);
});

test("spans that do not lie in the text are left out", () => {
  const wrong = [
    { start: -1, end: 2, label: "A" },
    { start: 2, end: 2, label: "A" },
    { start: 3, end: 2, label: "A" },
    { start: 0, end: 9, label: "A" },
  ];
  assert.deepEqual(fromWire("four", wrong), []);
  assert.deepEqual(fromWire("", [{ start: 0, end: 1, label: "A" }]), []);
});

test("tokens are words, numbers and punctuation, never white space", () => {
  const text = "Tim Cook's $3.50,\n naïve";
  assert.deepEqual(tokens(text).map((token) => piece(text, token)), ["Tim", "Cook's", "$", "3.50", ",", "naïve"]);
  assert.deepEqual(tokens("  \n\t"), []);
});

test("tokens and widened ranges never cut a grapheme", () => {
  for (const text of TEXTS) {
    const edges = new Set<number>([text.length]);
    for (const { index } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)) edges.add(index);
    const words = tokens(text);
    for (const { start, end } of words) assert.ok(edges.has(start) && edges.has(end), `${text}: ${start}–${end}`);
    for (let start = 0; start < text.length; start++) {
      for (let end = start + 1; end <= text.length; end++) {
        for (const found of [toGraphemes(text, { start, end }), toTokens(words, { start, end })]) {
          if (!found) continue;
          assert.ok(edges.has(found.start) && edges.has(found.end));
          assert.equal(piece(text, found)!.trim(), piece(text, found));
        }
      }
    }
  }
});

test("a drag from inside one word into another takes both whole", () => {
  const text = "Tim Cook, of Apple";
  const words = tokens(text);
  assert.equal(piece(text, toTokens(words, { start: 1, end: 6 })), "Tim Cook");
  assert.equal(piece(text, toTokens(words, { start: 3, end: 9 })), "Cook,");
  assert.equal(toTokens(words, { start: 3, end: 4 }), null);
});

test("an exact range keeps a family together and drops white space at its ends", () => {
  const text = `a ${FAMILY} b`;
  assert.equal(piece(text, toGraphemes(text, { start: 4, end: 5 })), FAMILY);
  assert.equal(piece(text, toGraphemes(text, { start: 1, end: text.length - 1 })), FAMILY);
  assert.equal(toGraphemes(text, { start: 1, end: 2 }), null);
  assert.equal(toGraphemes("", { start: 0, end: 0 }), null);
});

test("tokens and graphemes are found by place and one after the other", () => {
  const text = `Hi ${FAMILY}!`;
  const words = tokens(text);
  assert.equal(piece(text, tokenAt(words, 1)), "Hi");
  assert.equal(tokenAt(words, 2), null);
  assert.equal(tokenAt(words, text.length), null);
  assert.equal(piece(text, nextToken(words, { start: 0, end: 2 }, 1)), FAMILY);
  assert.equal(nextToken(words, { start: 0, end: 2 }, -1), null);
  assert.equal(piece(text, nextToken(words, { start: 11, end: 12 }, -1)), FAMILY);
  assert.equal(nextToken(words, { start: 11, end: 12 }, 1), null);
  assert.equal(piece(text, nextGrapheme(text, { start: 2, end: 3 }, 1)), FAMILY);
  assert.equal(piece(text, nextGrapheme(text, { start: 11, end: 12 }, -1)), FAMILY);
  assert.equal(nextGrapheme(text, { start: 0, end: 2 }, -1), null);
  assert.equal(graphemeAt(text, text.length), null);
});

test("each paragraph reads its own way", () => {
  const text = "12 Tim\n«زار» محمد\n\nיעל and Tim";
  assert.equal(direction(text, 0), "ltr");
  assert.equal(direction(text, text.indexOf("محمد")), "rtl");
  assert.equal(direction(text, text.indexOf("and")), "rtl");
  assert.equal(direction("", 0), "ltr");
  assert.equal(direction("123", 1), "ltr");
});

test("a new span takes the place of those that it touches", () => {
  const before = [
    { start: 0, end: 3, label: "A" },
    { start: 4, end: 8, label: "B" },
    { start: 8, end: 9, label: "C" },
  ];
  const added = { start: 2, end: 8, label: "D" };
  assert.deepEqual(place(before, added, false), [added, before[2]]);
  assert.deepEqual(place(before, added, true), [before[0], added, before[1], before[2]]);
  assert.deepEqual(place(before, before[0]!, true), before);
});

test("spans are ordered by start, the longer first, then by type", () => {
  const ordered = [
    { start: 0, end: 5, label: "B" },
    { start: 0, end: 2, label: "A" },
    { start: 0, end: 2, label: "B" },
    { start: 1, end: 9, label: "A" },
  ];
  assert.deepEqual(inOrder([...ordered].reverse()), ordered);
});

test("runs cover the text once and name the spans over each stretch", () => {
  const spans = [
    { start: 2, end: 6 },
    { start: 4, end: 8 },
  ];
  assert.deepEqual(runs(10, spans), [
    { start: 0, end: 2, spans: [] },
    { start: 2, end: 4, spans: [0] },
    { start: 4, end: 6, spans: [0, 1] },
    { start: 6, end: 8, spans: [1] },
    { start: 8, end: 10, spans: [] },
  ]);
  assert.deepEqual(runs(0, []), []);
  assert.deepEqual(runs(3, [{ start: 0, end: 3 }]), [{ start: 0, end: 3, spans: [0] }]);
});
