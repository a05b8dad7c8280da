// What the page makes of figures of processes: a line of their past, words of a finding, an order that holds still.

import { expect, test } from "vitest";
import { shortened } from "../src/commandline";
import { advice, evidence, nameOfFinding } from "../src/findings";
import type { Finding, Process } from "../src/procshapes";
import { steady } from "../src/steady";
import { polyline, signed, slopes } from "../src/trend";

const LEAK: Finding = {
  pattern: "leak",
  cause: "not_closed",
  words: "as the host says it",
  advice: "as the host advises",
  peer: "10.0.0.5:6379",
  per_minute: 14.2,
  minutes: 40,
  seconds_left: 10_800,
  share: 97,
};
const PROCESS: Process = {
  pid: 812, start: 1, parent: 1, name: "shop", command: "shop", user: null, unit: null, fds: 1023, soft: 1024, hard: 4096, percent: 99.9,
  slope_per_min: 14.2, slopes: { one: 12, ten: -0.04, sixty: null }, seconds_left: 10_800, cpu: 98.7, memory: 1, threads: 1, state: "R", started: null,
  findings: [], trend: [],
};

test("a leak is told with its evidence: how fast, for how long, what, and until when", () => {
  expect(evidence(PROCESS, LEAK)).toBe("grew by 14 a minute for 40 minutes, all of it connections with 10.0.0.5:6379; 3 h until the limit");
  expect(evidence(PROCESS, { ...LEAK, share: 80, peer: null, cause: "pipe", per_minute: 2.5, seconds_left: null })).toBe("grew by 2.5 a minute for 40 minutes, 80% of it of the kind pipe");
  expect(advice(LEAK)).toContain("this process does not");
  const names = ["not_closed", "connections", "clients", "pipe", null].map((cause) => nameOfFinding({ ...LEAK, cause }));
  expect(names).toEqual(["Leak: not closed", "Leak: connections", "Leak: clients that stay", "Leak", "Leak"]);
  expect(nameOfFinding({ ...LEAK, pattern: "spin" })).toBe("Spin");
});

test("a spin is told with how full and how busy it is, and what a newer host finds in its own words, without what would harm", () => {
  expect(evidence(PROCESS, { ...LEAK, pattern: "spin" })).toBe("1,023 of 1,024 files are open, at 99% of a processor");
  const full = [{ address: "127.0.0.1:80", queue: 14, backlog: null, holders: [] }];
  expect(evidence({ ...PROCESS, cpu: 31 }, { ...LEAK, pattern: "spin", demand: 99.6, full })).toBe(
    "1,023 of 1,024 files are open, and a thread wants to run 100% of the time; 14 connections wait to be accepted at 127.0.0.1:80",
  );
  const newer = { ...LEAK, pattern: "zombies", cause: null, words: "too\u202e many", advice: "bury them" };
  expect([nameOfFinding(newer), evidence(PROCESS, newer), advice(newer)]).toEqual(["zombies", "too\\u{202e} many", "bury them"]);
});

test("a command in a row begins with its program and not with the folder of it", () => {
  expect(shortened("/opt/python/versions/3.11/bin/python3 /srv/leak.py --port 80")).toBe("python3 /srv/leak.py --port 80");
  expect(["/usr/bin/redis-server", "nginx: worker process", "./a/b c", "", "/ x"].map(shortened)).toEqual(["redis-server", "nginx: worker process", "./a/b c", "", "/ x"]);
});

test("a line goes from the oldest count at the left to the newest at the right, and is flat for a little", () => {
  expect(polyline([{ ago: 100, fds: 0 }, { ago: 50, fds: 50 }, { ago: 0, fds: 100 }], 60, 20)).toBe("0,20 30,10 60,0");
  expect(polyline([{ ago: 10, fds: 1000 }, { ago: 0, fds: 1001 }], 60, 20)).toBe("0,10.2 60,9.8");
  expect(polyline([{ ago: 0, fds: 3 }], 60, 20)).toBe("");
});

test("slopes have their sign and their stretch, and what is not known yet is not there", () => {
  expect([signed(14.2), signed(2.54), signed(-0.6), signed(0.04)]).toEqual(["+14", "+2.5", "−0.6", "0"]);
  expect(slopes(PROCESS)).toBe("+12 a minute over 60 s · 0 a minute over 10 min");
});

test("rows that are pointed at stay where they are: the ended as they were, the new behind them while there is room", () => {
  const rows = (keys: string, at: number) => [...keys].map((key) => ({ key, at }));
  const { rows: shown, gone } = steady(rows("abcd", 1), rows("dxbay", 2), ({ key }) => key, 5);
  expect(shown.map(({ key, at }) => `${key}${at}`).join(" ")).toBe("a2 b2 c1 d2 x2");
  expect([...gone]).toEqual(["c"]);
});
