import { describe, expect, test } from "vitest";
import { Order, REORDER_MS } from "../src/order";
import type { LineRow, Row } from "../src/stream";

const A = "web1:/a";
const B = "web2:/b";
const START = Date.UTC(2026, 0, 1);

/** Puts lines of that time (in ms; null for none) below the rows, and tells the rows as `log time`, with a sign where they are late. */
class Window {
  readonly rows: Row[] = [];
  readonly #order = new Order();
  #ids = 0;
  floor = -1;

  put(log: string, ...times: (number | null)[]): this {
    const lines = times.map((ms): LineRow => {
      const time = ms === null ? null : new Date(START + ms).toISOString();
      const position = `${log}${this.#ids}`;
      const line = { position, offset: 0, time, level: null, text: ms === null ? "-" : String(ms) };
      return { kind: "line", id: this.#ids++, log, line, file: 0 };
    });
    this.#order.put(this.rows, log, lines, this.floor);
    return this;
  }

  mark(log: string): this {
    this.rows.push({ kind: "mark", id: this.#ids++, log, mark: { kind: "rotated", words: "" } });
    return this;
  }

  get told(): string {
    return this.rows
      .map((row) => (row.kind === "mark" ? "mark" : `${row.log === A ? "a" : "b"}${row.line.text}${row.late === undefined ? "" : `!${row.late}`}`))
      .join(" ");
  }
}

describe("a live line among those of other logs", () => {
  test("goes where its time belongs while it is late by two seconds at most", () => {
    expect(new Window().put(A, 0, 100, 200).put(B, 50, 150, 250).told).toBe("a0 b50 a100 b150 a200 b250");
    expect(new Window().put(A, 0).put(A, 2000).put(B, 0, 1).told).toBe("a0 b0 b1 a2000");
  });

  test("stands at the end and says how late it is when it is later than that", () => {
    expect(new Window().put(A, 0).put(A, REORDER_MS + 5).put(B, 4, 6000).told).toBe("a0 a2005 b4!2001 b6000");
  });

  test("never goes above a row of its own log, whatever its time says", () => {
    expect(new Window().put(A, 500).put(B, 600).put(A, 100).told).toBe("a500 a100 b600");
    expect(new Window().put(A, 500).put(B, 900).put(B, 600).told).toBe("a500 b900 b600");
  });

  test("without a time goes with the line before it in its log", () => {
    expect(new Window().put(A, 0, null, 400).put(B, 200, null).told).toBe("a0 a- b200 b- a400");
  });

  test("never goes above a mark, nor above what the reader has before them", () => {
    expect(new Window().put(A, 0, 100).mark(A).put(B, 50).told).toBe("a0 a100 mark b50!50");
    const paused = new Window().put(A, 0, 100);
    paused.floor = 1;
    expect(paused.put(A, 200).put(B, 50, 150).told).toBe("a0 a100 b50!50 b150 a200");
  });

  test("of a log that names no times is put at the end and is not called late", () => {
    expect(new Window().put(A, 0, 100).put(B, null, null).put(A, 200).told).toBe("a0 a100 b- b- a200");
  });

  test("is there once, and no other is lost, however they are mixed", () => {
    const window = new Window();
    let seed = 7;
    const random = (n: number): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % n;
    const clock = { [A]: 0, [B]: 0 };
    for (let i = 0; i < 500; i++) {
      const log = random(2) === 0 ? A : B;
      const times = Array.from({ length: 1 + random(4) }, () => (clock[log] += random(900)));
      window.put(log, ...times);
    }
    for (const log of [A, B]) {
      const own = window.rows.filter((row) => row.log === log).map(({ id }) => id);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
    expect(new Set(window.rows.map(({ id }) => id)).size).toBe(window.rows.length);
  });
});
