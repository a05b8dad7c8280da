import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answer, type Question } from "../src/answering";
import { Watched } from "../src/watched";
import { Works } from "./fakework";

const question = (pattern: string, ...texts: string[]): Question<"spans"> => ({ asked: "spans", pattern, ignoreCase: false, texts });

let works: Works;
let watched: Watched;

beforeEach(() => {
  vi.useFakeTimers();
  works = new Works();
  watched = new Watched(works.start);
});
afterEach(() => void vi.useRealTimers());

test("questions are asked one after the other, by one worker, once it is there", async () => {
  const [a, b] = [watched.ask(question("a+", "xaa")), watched.ask(question("b", "ab"))];
  expect(works.now.asked).toEqual([]);
  works.now.say("ready");
  expect(works.now.asked.map(({ pattern }) => pattern)).toEqual(["a+"]);
  works.now.answer();
  expect(await a).toEqual({ kind: "known", answers: [[[1, 3]]] });
  works.now.answer();
  expect(await b).toEqual({ kind: "known", answers: [[[1, 2]]] });
  expect(works.all.length).toBe(1);
});

test("a pattern without an answer is given up with its worker, and the others go on in a new one", async () => {
  const deadly = watched.ask(question("(a+)+$", "aaaa!"));
  const [again, good] = [watched.ask(question("(a+)+$", "b")), watched.ask(question("b", "b"))];
  works.now.say("ready");
  vi.advanceTimersByTime(200);
  expect(works.all.length).toBe(1);
  vi.advanceTimersByTime(50);
  expect([await deadly, await again]).toEqual([{ kind: "heavy" }, { kind: "heavy" }]);
  expect(works.all.map(({ ended }) => ended)).toEqual([true, false]);
  works.now.say("ready");
  works.now.answer();
  expect(await good).toEqual({ kind: "known", answers: [[[0, 1]]] });
});

test("a pattern that was answered before does not wait for those that were not", async () => {
  void watched.ask(question("b", "b"));
  works.now.say("ready");
  void watched.ask(question("(a+)+$", "aaaa!"));
  void watched.ask(question("b", "bb"));
  works.now.answer();
  expect(works.now.asked.map(({ texts }) => texts)).toEqual([["b"], ["bb"]]);
  works.now.answer();
  expect(works.now.asked.at(-1)?.pattern).toBe("(a+)+$");
});

test("what an ended worker says late is not heard", async () => {
  void watched.ask(question("(a+)+$", "aaaa!"));
  works.now.say("ready");
  vi.advanceTimersByTime(250);
  const next = watched.ask(question("b", "b"));
  works.now.say("ready");
  works.all[0]?.say({ kind: "none" });
  works.now.answer();
  expect((await next).kind).toBe("known");
});

test("loading may take as long as it does, and each question has its own time", async () => {
  const first = watched.ask(question("a", "a"));
  vi.advanceTimersByTime(60_000);
  works.now.say("ready");
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(200);
    works.now.answer();
    void watched.ask(question("a", "a"));
  }
  expect((await first).kind).toBe("known");
  expect(works.all.length).toBe(1);
});

test("a worker that breaks at a question has found it too heavy; one that cannot be loaded says nothing of a pattern, and is tried again later", async () => {
  const broken = watched.ask(question("a", "a"));
  works.now.say("ready");
  works.now.fail();
  expect(await broken).toEqual({ kind: "heavy" });

  const early = watched.ask(question("a", "a"));
  works.now.fail();
  expect(await early).toEqual({ kind: "failed" });
  expect(await watched.ask(question("a", "a"))).toEqual({ kind: "failed" });
  expect(works.all.length).toBe(2);
  vi.advanceTimersByTime(2000);
  const later = watched.ask(question("a", "a"));
  works.now.say("ready");
  works.now.answer();
  expect((await later).kind).toBe("known");
});

test("where the browser refuses workers nothing is known of any pattern", async () => {
  const refused = new Watched(() => {
    throw new Error("no workers here");
  });
  expect(await refused.ask(question("a", "a"))).toEqual({ kind: "failed" });
});

test("as much is answered as there is time for, one text at least; what is no pattern is none, and what finds no room is heavy", () => {
  let clock = 0;
  expect(answer(question("a", "a", "b", "a"), () => (clock += 15))).toEqual({ kind: "known", answers: [[[0, 1]], []] });
  expect(answer({ ...question("a", "b", "a"), asked: "any" }, () => 0)).toEqual({ kind: "known", answers: [false, true] });
  expect(answer(question("(", "a"), () => 0)).toEqual({ kind: "none" });
  expect(answer(question("(?:.|\\n)*x", "a".repeat(2 ** 23)), () => 0)).toEqual({ kind: "heavy" });
});
