import { expect, test } from "vitest";
import { globOf } from "../src/asking";
import { rowsOf, treeOf } from "../src/tree";

function drawn(logs: readonly string[], hosts: readonly string[] = [], isOpen: (id: string) => boolean = () => true): string[] {
  return rowsOf(treeOf(logs, hosts), isOpen).map(({ level, words, kind, count }) => `${"  ".repeat(level - 1)}${words}${kind === "log" && count > 0 ? ` +${count}` : ""}`);
}

test("hosts have folders, folders have files, and a folder alone in a folder is one row with it", () => {
  expect(drawn(["db:/srv/a.log", "web:/var/log/app.log", "web:/var/log/nginx/access.log", "web:/var/log/nginx/error.log"])).toEqual([
    "db",
    "  /srv",
    "    a.log",
    "web",
    "  /var/log",
    "    app.log",
    "    nginx",
    "      access.log",
    "      error.log",
  ]);
});

test("files that a log was rotated into belong to it, newest first", () => {
  const logs = ["app.log", "app.log-20260101", "app.log.1", "app.log.10", "app.log.2", "app.log2", "apple.log"].map((name) => `h:/l/${name}`);
  const rows = rowsOf(treeOf(logs, []), () => true);
  expect(rows.filter(({ kind }) => kind === "older").map(({ words }) => words)).toEqual(["app.log.1", "app.log.2", "app.log.10", "app.log-20260101"]);
  expect(rows.filter(({ kind }) => kind === "log").map(({ words }) => words)).toEqual(["app.log", "app.log2", "apple.log"]);
});

test("pushed logs have numbers and dates in their names and are still logs of their own", () => {
  expect(drawn(["ci:push/build", "ci:push/build-20261120", "ci:push/build-42", "ci:push/build.1"])).toEqual([
    "ci",
    "  push",
    "    build",
    "    build-20261120",
    "    build-42",
    "    build.1",
  ]);
});

test("a rotated file whose log is not there stands for itself", () => {
  expect(drawn(["h:/l/app.log.1"])).toEqual(["h", "  /l", "    app.log.1"]);
});

test("other kinds of logs than files are folders of their own", () => {
  expect(drawn(["h:/var/a.log", "h:journal/nginx.service", "h:journal/ssh.service"])).toEqual(["h", "  /var", "    a.log", "  journal", "    nginx.service", "    ssh.service"]);
});

test("a host without logs is there, too", () => {
  expect(drawn(["web:/a.log"], ["db", "web"])).toEqual(["db", "web", "  /a.log"]);
});

test("what is closed shows nothing inside, and says how much it is", () => {
  const rows = rowsOf(treeOf(["h:/l/a", "h:/l/b"], []), () => false);
  expect(rows).toEqual([{ id: "h:", kind: "host", words: "h", level: 1, open: false, count: 2, place: 1, of: 1 }]);
});

test("every log is in the tree once, also with names that only tell apart a slash", () => {
  const logs = ["a-x.log", "a.log", "a/b", "a/c/d", "audit.log", "audit/audit.log"].map((name) => `h:/${name}`);
  const rows = rowsOf(treeOf(logs, []), () => true);
  expect(rows.flatMap(({ kind, id }) => (kind === "log" || kind === "older" ? [id] : [])).toSorted()).toEqual(logs.toSorted());
});

test("the logs on the screen are asked for by one glob in which nothing but a comma and braces means anything", () => {
  expect(globOf(["h:/a.log"])).toBe("h:/a.log");
  expect(globOf(["h:/a.log", "h:/b*{1}.log", "i:/a.log"])).toBe("{h,i}:{/a.log,/b\\*\\{1\\}.log}");
  expect(globOf([])).toBeNull();
});
