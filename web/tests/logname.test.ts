import { expect, test } from "vitest";
import { isLogName } from "../src/logname";

test.each(["web1:/var/log/a:b.log", "web1:journal/nginx.service", "db-1.example:/日志"])("%s is the name of a log", (text) => {
  expect(isLogName(text)).toBe(true);
});

test.each(["", "foobar", "/var/log/a", ":/a", "web 1:/a", "web1:a", "web1:", "web1:a/", "web1:/", "web1:a:b/c", "web1:/a\0b", `web1:/${"a".repeat(5000)}`])("%j is none", (text) => {
  expect(isLogName(text)).toBe(false);
});
