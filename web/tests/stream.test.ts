import { describe, expect, test } from "vitest";
import { mergeAbove, mergeBelow } from "../src/merge";
import type { Line } from "../src/shapes";
import { gapMark } from "../src/marks";
import { MAX_ROWS, Stream } from "../src/stream";
import { line, lines, page, said, texts } from "./rows";

const LOG = "web1:/var/log/a.log";
const gap = (from: string, to: string, why?: string) =>
  gapMark({ type: "gap", log: LOG, from, to, bytes: 10, words: "10 bytes were skipped", ...(why !== undefined && { why }) }, 0);
const late = (from: string, to: string) => gap(from, to, "late_writer");

describe("at the live end", () => {
  test("a follower's window keeps the newest lines and knows where those before them are", () => {
    const stream = new Stream([LOG], 5);
    stream.append(LOG, lines(0, 3), "p3");
    stream.append(LOG, lines(3, 8), "p8");
    expect(said(stream)).toEqual(texts(3, 8));
    expect(stream.top(LOG)).toEqual({ kind: "before", position: "p3" });
    expect(stream.next(LOG)).toBe("p8");
    expect(stream.waiting).toBe(0);
  });

  test("one burst larger than the window leaves its end", () => {
    const stream = new Stream([LOG], 5);
    stream.append(LOG, lines(0, 100), "p100");
    expect(said(stream)).toEqual(texts(95, 100));
    expect(stream.top(LOG)).toEqual({ kind: "before", position: "p95" });
  });

  test("memory is bounded in characters too, and the newest line stays however long it is", () => {
    const stream = new Stream([LOG], 100, 50);
    stream.append(LOG, lines(0, 20), "p20");
    expect(stream.rows.length).toBeLessThan(9);
    stream.append(LOG, [line(20, { text: "x".repeat(1000) })], "p21");
    expect(stream.rows.length).toBe(1);
    expect(stream.top(LOG)).toEqual({ kind: "before", position: "p20" });
  });

  test("a reader's rows do not move: lines are put below and counted", () => {
    const stream = new Stream([LOG], 10);
    stream.append(LOG, lines(0, 5), "p5");
    stream.hold();
    stream.append(LOG, lines(5, 8), "p8");
    expect(said(stream)).toEqual(texts(0, 8));
    expect(stream.waiting).toBe(3);
    stream.follow();
    expect(stream.waiting).toBe(0);
  });

  test("when a reader's window is full, lines are only counted and read on from its end later", () => {
    const stream = new Stream([LOG], 10);
    stream.append(LOG, lines(0, 8), "p8");
    stream.hold();
    stream.append(LOG, lines(8, 12), "p12");
    stream.append(LOG, lines(12, 13), "p13");
    expect(stream.attached).toBe(false);
    expect(stream.waiting).toBe(5);
    expect(said(stream)).toEqual(texts(0, 8));
    expect(stream.next(LOG)).toBe("p8");
  });

  test("a detached window is not followed before it is attached again", () => {
    const stream = new Stream([LOG], 10);
    stream.append(LOG, lines(0, 8), "p8");
    stream.detach();
    stream.follow();
    stream.append(LOG, lines(50, 51), "p51");
    expect(said(stream)).toEqual(texts(0, 8));
    stream.extend(mergeBelow([page(LOG, 8, 12, 12)]));
    stream.attach();
    stream.follow();
    stream.append(LOG, lines(12, 13), "p13");
    expect(said(stream)).toEqual(texts(3, 13));
  });
});

describe("history", () => {
  test("pages lead up to the very first line, and there it says so", () => {
    const stream = new Stream([LOG], 100);
    stream.append(LOG, lines(20, 25), "p25");
    stream.hold();
    stream.prepend(mergeAbove([page(LOG, 10, 20, 25)]));
    stream.prepend(mergeAbove([page(LOG, 0, 10, 25)]));
    expect(said(stream)).toEqual(texts(0, 25));
    expect(stream.top(LOG)).toEqual({ kind: "beginning" });
    expect(stream.attached).toBe(true);
  });

  test("what is trimmed below by pages above is read again from there, each line once", () => {
    const stream = new Stream([LOG], 10);
    stream.append(LOG, lines(20, 30), "p30");
    stream.hold();
    stream.prepend(mergeAbove([page(LOG, 14, 20, 30)]));
    expect(said(stream)).toEqual(texts(14, 24));
    expect(stream.attached).toBe(false);
    expect(stream.next(LOG)).toBe("p24");
    stream.extend(mergeBelow([page(LOG, 24, 30, 30)]));
    expect(said(stream)).toEqual(texts(20, 30));
    expect(stream.top(LOG)).toEqual({ kind: "before", position: "p20" });
    expect(stream.next(LOG)).toBe("p30");
  });

  test("a log whose last row was trimmed at the top goes on above from its next line", () => {
    const other = "web1:/var/log/b.log";
    const stream = new Stream([LOG, other], 3);
    stream.append(other, lines(0, 1), "p1");
    stream.append(LOG, lines(0, 3), "p3");
    expect(stream.top(other)).toEqual({ kind: "before", position: "p1" });
  });
});

describe("marks", () => {
  test("a gap stands where the lines are missing, and going on happens behind it", () => {
    const stream = new Stream([LOG]);
    stream.append(LOG, lines(0, 2), "p2");
    stream.mark(LOG, gap("p2", "p5"));
    stream.append(LOG, lines(5, 6), "p6");
    expect(said(stream)).toEqual(["line 0", "line 1", "[gap]", "line 5"]);
    expect(stream.lineAfter(stream.rows[2]?.id ?? -1)?.position).toBe("p5");
  });

  test("a gap is filled in place, piece by piece", () => {
    const stream = new Stream([LOG]);
    stream.append(LOG, lines(0, 2), "p2");
    stream.mark(LOG, gap("p2", "p6"));
    stream.append(LOG, lines(6, 8), "p8");
    stream.fill(stream.rows[2]?.id ?? -1, gap("p2", "p6"), lines(2, 4), gap("p4", "p6"));
    expect(said(stream)).toEqual([...texts(0, 4), "[gap]", "line 6", "line 7"]);
    stream.fill(stream.rows[4]?.id ?? -1, gap("p4", "p6"), lines(4, 6), null);
    expect(said(stream)).toEqual(texts(0, 8));
    expect(stream.next(LOG)).toBe("p8");
  });

  test("filling a gap near the end makes room at the top", () => {
    const stream = new Stream([LOG], 8);
    stream.append(LOG, lines(0, 6), "p6");
    stream.mark(LOG, gap("p6", "p10"));
    stream.append(LOG, lines(10, 11), "p11");
    stream.fill(stream.rows[6]?.id ?? -1, gap("p6", "p10"), lines(6, 10), null);
    expect(said(stream)).toEqual(texts(3, 11));
    expect(stream.attached).toBe(true);
  });

  test("a trimmed gap is read again from where it began", () => {
    const stream = new Stream([LOG], 4);
    stream.append(LOG, lines(10, 12), "p12");
    stream.mark(LOG, gap("p12", "p15"));
    stream.append(LOG, lines(15, 16), "p16");
    stream.hold();
    stream.prepend(mergeAbove([page(LOG, 8, 10, 20)]));
    expect(said(stream)).toEqual(texts(8, 12));
    expect(stream.next(LOG)).toBe("p12");
  });

  test("a gap that begins where the one before it ends makes that one longer, also while it is read", () => {
    const stream = new Stream([LOG]);
    stream.append(LOG, lines(0, 2), "p2");
    stream.mark(LOG, late("o5", "o6"));
    stream.mark(LOG, late("o6", "o7"));
    expect(said(stream)).toEqual(["line 0", "line 1", "[gap]"]);
    const row = stream.rows[2];
    expect(row).toMatchObject({ mark: { from: "o5", to: "o7", bytes: 20 } });
    stream.mark(LOG, late("o7", "o9"));
    stream.fill(row?.id ?? -1, { ...late("o5", "o7"), bytes: 20 }, lines(5, 7), null);
    expect(said(stream)).toEqual(["line 0", "line 1", "line 5", "line 6", "[gap]"]);
    expect(stream.rows.at(-1)).toMatchObject({ mark: { from: "o7", to: "o9", bytes: 10 } });
    stream.append(LOG, lines(2, 3), "p3");
    stream.mark(LOG, late("o9", "o10"));
    stream.mark(LOG, late("o20", "o21"));
    expect(said(stream).slice(4)).toEqual(["[gap]", "line 2", "[gap]", "[gap]"]);
  });

  test("the log does not go on behind what came late into a file that was left", () => {
    const stream = new Stream([LOG], 4);
    stream.append(LOG, lines(10, 12), "p12");
    stream.mark(LOG, late("o5", "o6"));
    expect(stream.next(LOG)).toBe("p12");
    stream.append(LOG, lines(12, 13), "p13");
    stream.hold();
    stream.prepend(mergeAbove([page(LOG, 8, 10, 20)]));
    expect(said(stream)).toEqual(texts(8, 12));
    expect(stream.next(LOG)).toBe("p12");
  });

  test("the same word again renews the mark instead of piling up", () => {
    const stream = new Stream([LOG]);
    stream.mark(LOG, { kind: "waiting", words: "not there yet" });
    stream.mark(LOG, { kind: "waiting", words: "not there for 5 s" });
    expect(said(stream)).toEqual(["[waiting]"]);
  });

  test("rows keep their identity while others come and go around them", () => {
    const stream = new Stream([LOG], 10);
    stream.append(LOG, lines(5, 8), "p8");
    const before = stream.rows.map((row) => row.id);
    stream.prepend(mergeAbove([page(LOG, 2, 5, 8)]));
    expect(stream.rows.slice(3).map((row) => row.id)).toEqual(before);
    expect(new Set(stream.rows.map((row) => row.id)).size).toBe(6);
  });
});

test("eight hours of a busy log leave no more than the window behind", () => {
  const stream = new Stream([LOG]);
  const hours = 8;
  // Three hundred lines a second, in the batches of a connection, and a reader who looks up now and then.
  const batch = 5000;
  for (let n = 0; n < hours * 3600 * 300; n += batch) {
    if (n % 1_000_000 === 0) stream.hold();
    if (n % 1_000_000 === 500_000) {
      if (!stream.attached) stream.attach();
      stream.follow();
    }
    stream.append(LOG, busy(n, batch), `p${n + batch}`);
    if (stream.rows.length > MAX_ROWS) throw new Error(`${stream.rows.length} rows at ${n}`);
  }
  expect(stream.rows.length).toBeGreaterThan(0);
  expect(stream.rows.length).toBeLessThanOrEqual(MAX_ROWS);
}, 60_000);

/** Lines as cheap as they come: the same one again and again, but for its place. */
function busy(from: number, count: number): Line[] {
  return Array.from({ length: count }, (_, i) => ({ position: "p", offset: (from + i) * 100, time: null, level: null, text: "a line of a busy log" }));
}

describe("what is said already", () => {
  const OTHER = "web1:/var/log/b.log";
  const kinds = (stream: Stream): string[] => stream.rows.map((row) => (row.kind === "mark" ? `${row.log.at(-5)} ${row.mark.kind}` : "line"));

  test("is not said again of a log of which nothing came since, whatever others did meanwhile", () => {
    const stream = new Stream([LOG, OTHER]);
    stream.mark(LOG, { kind: "waiting", words: "", why: "not_there", at: 1 });
    stream.append(OTHER, lines(0, 1), "p1");
    stream.mark(LOG, { kind: "waiting", words: "", why: "denied", at: 2 });
    expect(kinds(stream)).toEqual(["a waiting", "line"]);
    expect(stream.rows[0]).toMatchObject({ mark: { why: "denied", at: 1 } });
    stream.append(LOG, lines(0, 1), "p1");
    stream.mark(LOG, { kind: "waiting", words: "", why: "not_there", at: 3 });
    expect(kinds(stream)).toEqual(["a waiting", "line", "line", "a waiting"]);
  });

  test("is that a file is not there, where it is gone", () => {
    const stream = new Stream([LOG]);
    stream.mark(LOG, { kind: "gone", words: "", why: "deleted" });
    stream.mark(LOG, { kind: "waiting", words: "", why: "not_there" });
    expect(kinds(stream)).toEqual(["a gone"]);
  });
});
