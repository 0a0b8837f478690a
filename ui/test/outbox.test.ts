import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../core/outbox.ts";
import type { Ports, Shelf } from "../core/outbox.ts";
import type { Answer, Reply } from "../core/types.ts";

const answer = (uid: string): Answer => ({ uid, item: `item-${uid}`, kind: "label", label: "x" });

const recordedAll = (answers: readonly Answer[]): Reply => ({
  recorded: answers.map(({ uid }, position) => ({ uid, position })),
  refused: [],
});

class Memory implements Shelf {
  kept: Answer[] = [];
  all = async () => [...this.kept];
  put = async (one: Answer) => void this.kept.push(one);
  remove = async (uids: readonly string[]) => void (this.kept = this.kept.filter((one) => !uids.includes(one.uid)));
}

class Hopeless extends Error {}

/** An outbox whose server does as `send` says; time passes at once, and each pause is noted. */
function outbox(send: Ports["send"]) {
  const pauses: number[] = [];
  const recorded: string[] = [];
  const box = new Outbox({
    send,
    wait: async (ms) => void pauses.push(ms),
    hopeless: (error) => error instanceof Hopeless,
    recorded: (answers) => recorded.push(...answers.map((one) => one.uid)),
    changed: () => undefined,
  });
  return { box, pauses, recorded };
}

async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !done(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(done(), "it never came to pass");
}

test("an answer is kept until the server has recorded it", async () => {
  const shelf = new Memory();
  let release: (reply: Reply) => void = () => undefined;
  const { box, recorded } = outbox(() => new Promise((resolve) => (release = resolve)));
  await box.open(shelf);
  box.put(answer("1"));
  await until(() => shelf.kept.length === 1);
  assert.equal(box.waiting.length, 1);
  release(recordedAll([answer("1")]));
  await until(() => shelf.kept.length === 0);
  assert.deepEqual([box.waiting.length, recorded], [0, ["1"]]);
});

test("what fails is sent again, in order, with longer pauses up to a limit", async () => {
  let failures = 8;
  const sent: string[] = [];
  const { box, pauses } = outbox(async (answers) => {
    if (failures-- > 0) throw new Error("no line");
    sent.push(...answers.map((one) => one.uid));
    return recordedAll(answers);
  });
  await box.open(new Memory());
  for (const uid of ["1", "2", "3"]) box.put(answer(uid));
  await until(() => box.waiting.length === 0);
  assert.deepEqual(sent, ["1", "2", "3"]);
  assert.ok(pauses.length >= 5 && pauses.every((ms) => ms <= 10_000));
  assert.ok(pauses[1]! > pauses[0]!);
  assert.equal(box.trouble, null);
});

test("answers left by a killed page are sent by the next one, once each", async () => {
  const shelf = new Memory();
  shelf.kept = [answer("1"), answer("2")];
  const log = new Map<string, Answer>();
  let replies = 0;
  const { box } = outbox(async (answers) => {
    for (const one of answers) log.set(one.uid, one);
    replies += 1;
    if (replies === 1) throw new Error("the reply was lost");
    return recordedAll(answers);
  });
  box.put(answer("3"));
  await box.open(shelf);
  await until(() => box.waiting.length === 0 && shelf.kept.length === 0);
  assert.deepEqual([...log.keys()].sort(), ["1", "2", "3"]);
});

test("a refused answer leaves the outbox and is told, with its reason", async () => {
  const { box } = outbox(async (answers) => ({
    recorded: answers.filter((one) => one.uid !== "2").map(({ uid }) => ({ uid, position: 0 })),
    refused: answers.filter((one) => one.uid === "2").map(({ uid }) => ({ uid, error: "no class of that name" })),
  }));
  await box.open(new Memory());
  for (const uid of ["1", "2", "3"]) box.put(answer(uid));
  await until(() => box.waiting.length === 0);
  assert.deepEqual(box.refused.map((one) => [one.answer.uid, one.error]), [["2", "no class of that name"]]);
  box.dismiss("2");
  assert.deepEqual(box.refused, []);
});

test("one answer that spoils its whole batch is found, and the others arrive", async () => {
  const { box, recorded } = outbox(async (answers) => {
    if (answers.some((one) => one.uid === "2")) throw new Hopeless("comment: too long");
    return recordedAll(answers);
  });
  for (const uid of ["1", "2", "3"]) box.put(answer(uid));
  await box.open(new Memory());
  await until(() => box.waiting.length === 0);
  assert.deepEqual(recorded.sort(), ["1", "2", "3"]);
  assert.deepEqual(box.refused.map((one) => one.error), ["comment: too long"]);
});

test("a reply that names none of the answers is a failure, not a loss", async () => {
  let replies = 0;
  const { box, pauses } = outbox(async (answers) => (replies++ === 0 ? { recorded: [], refused: [] } : recordedAll(answers)));
  await box.open(new Memory());
  box.put(answer("1"));
  await until(() => box.waiting.length === 0);
  assert.equal(pauses.length, 1);
});

test("a shelf that cannot write loses nothing while the page lives, and is told", async () => {
  const broken: Shelf = {
    all: async () => [],
    put: () => Promise.reject(new Error("quota")),
    remove: () => Promise.reject(new Error("quota")),
  };
  const { box } = outbox(async (answers) => recordedAll(answers));
  await box.open(broken);
  box.put(answer("1"));
  await until(() => box.waiting.length === 0);
  assert.equal(box.kept, false);
});

test("answers given together are sent together", async () => {
  const sent: number[] = [];
  const { box } = outbox(async (answers) => (sent.push(answers.length), recordedAll(answers)));
  await box.open(new Memory());
  box.put(...Array.from({ length: 300 }, (_, at) => answer(String(at))));
  await until(() => box.waiting.length === 0);
  assert.deepEqual(sent, [300]);
});
