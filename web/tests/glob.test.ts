import { expect, test } from "vitest";
import { globber, globIn, isWhole } from "../src/glob";

test.each([
  ["web*:/var/log/*.log", "web1:/var/log/nginx/a.log", true],
  ["web*:/var/log/*.log", "db1:/var/log/a.log", false],
  ["/var/log/*", "any:/var/log/a", true],
  ["{a,b}:/x", "b:/x", true],
  ["{a,b}:/x", "c:/x", false],
  ["h:/a[0-9].log", "h:/a5.log", true],
  ["h:/a[!0-9].log", "h:/a5.log", false],
  ["h:/a\\*.log", "h:/a*.log", true],
  ["h:/a\\*.log", "h:/ab.log", false],
  ["h:/a.log", "h:/aXlog", false],
  ["h:/(a|b)", "h:/(a|b)", true],
  ["h:/a{", "h:/a", false],
  ["", "h:/a", true],
])("%s over %s: %s", (glob, log, is) => {
  expect(globber(glob)(log)).toBe(is);
});

test.each([
  ["orders", null],
  ["what is *", null],
  ["nginx/*.log", "*nginx/*.log"],
  ["/var/log/*", "/var/log/*"],
  ["*.log", "*.log"],
  ["web*:/var/log/*.log", "web*:/var/log/*.log"],
])("%s in the field of the list is the glob %s", (written, glob) => {
  expect(globIn(written)).toBe(glob);
});

test.each([
  ["web*:/var/log/{a,b}/[0-9].log", true],
  ["a\\[b", true],
  ["[]]", true],
  ["", true],
  ["[", false],
  ["[]", false],
  ["web1:[a", false],
  ["web1:{a,b", false],
  ["a}", false],
  ["a\\", false],
])("whether %s is whole: %s", (glob, is) => {
  expect(isWhole(glob)).toBe(is);
});
