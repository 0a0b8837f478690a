import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { binding, bindings, chord, command } from "../core/keys.ts";
import type { Press } from "../core/press.ts";
import { bound, capNow, chordOfCap, chosen, meant, OF_VIEWS, readChanges, rebind } from "../core/rebind.ts";
import type { ViewKey } from "../views/contract.ts";
import * as boxes from "../views/boxes.ts";
import * as candidate from "../views/candidate.ts";
import * as image from "../views/image.ts";
import * as particles from "../views/particles.ts";
import * as spans from "../views/spans.ts";

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key, code: "", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, repeat: false, ...more,
});
const deeds = bindings.map((one) => ({ chord: chord(one), name: one.name }));
const skip = deeds.find((one) => one.name === "Skip")!;

afterEach(() => rebind({}));

test("a chosen key does what the old one did, and the old one nothing", () => {
  rebind({ s: "ö" });
  assert.equal(command(press("ö"))?.action, "skip");
  assert.equal(command(press("s")), null);
  assert.equal(binding("skip").cap, "Ö");
  assert.equal(command(press("u"))?.action, "unsure");
});

test("a key may take the place of one that went elsewhere", () => {
  rebind({ s: "b", u: "s" });
  assert.equal(command(press("b"))?.action, "skip");
  assert.equal(command(press("s"))?.action, "unsure");
  assert.equal(command(press("u")), null);
});

test("with Shift it is another key", () => {
  rebind({ "shift z": "b" });
  assert.equal(command(press("b"))?.action, "redo");
  assert.equal(command(press("Z", { shiftKey: true })), null);
  assert.equal(command(press("z"))?.action, "undo");
  assert.equal(command(press("z", { ctrlKey: true }))?.action, "undo");
});

test("Enter can be given to a letter", () => {
  rebind({ enter: "b" });
  assert.equal(command(press("b"))?.action, "accept");
  assert.equal(command(press("Enter")), null);
});

test("views hear the key as it is by itself", () => {
  rebind({ l: "b" });
  assert.equal(meant(press("b"))?.key, "l");
  assert.equal(meant(press("l")), null);
  const other = press("x");
  assert.equal(meant(other), other);
  assert.equal(capNow("l"), "B");
});

test("a key that somebody has is refused with its name, and one that nobody has is taken", () => {
  assert.equal(chosen(skip, "u", deeds), "U is “Unsure”: take another key, or change that one first.");
  assert.match(chosen(skip, "j", deeds) as string, /^J does something in a view/);
  assert.match(chosen(skip, "5", deeds) as string, /cannot be chosen/);
  assert.match(chosen(skip, "arrowleft", deeds) as string, /cannot be chosen/);
  assert.deepEqual(chosen(skip, ";", deeds), { s: ";" });
  rebind({ u: ";" });
  assert.deepEqual(chosen(skip, "u", deeds), { u: ";", s: "u" });
  assert.match(chosen(skip, ";", deeds) as string, /^; is “Unsure”/);
});

test("the old key takes a change back", () => {
  rebind({ s: "b", u: "p" });
  assert.deepEqual(chosen(skip, "s", deeds), { u: "p" });
});

test("however keys are changed, each chord asks for one thing at most", () => {
  for (const [first, second] of [["s", "b"], ["u", "b"], ["s", "u"], ["z", "ä"]] as const) {
    for (const deed of deeds) {
      const changes = chosen(deed, first, deeds);
      if (typeof changes !== "string") rebind(changes);
      const again = chosen(skip, second, deeds);
      if (typeof again !== "string") rebind(again);
    }
    const now = deeds.map((deed) => bound(deed.chord));
    assert.equal(new Set(now).size, now.length);
  }
});

test("the list of the views' keys is what the views say", () => {
  const keys: readonly ViewKey[] = [boxes, candidate, image, particles, spans].flatMap((view) => view.keys);
  const chords = keys.map(({ key }) => chordOfCap(key)).filter((one) => one !== null);
  assert.deepEqual([...new Set(chords)].filter((one) => !OF_VIEWS.includes(one)), []);
});

test("what was kept is read with care", () => {
  assert.deepEqual(readChanges('{"s": "b"}'), { s: "b" });
  for (const odd of [null, "", "[]", "7", "null", "{", '{"s": 3}']) assert.deepEqual(readChanges(odd), {}, String(odd));
});
