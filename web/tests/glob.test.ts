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
  ["h:/a}", "h:/a}", false],
  ["h:/{a*,b{c,d}}e", "h:/axe", true],
  ["h:/{a*,b{c,d}}e", "h:/bde", true],
  ["h:/{a*,b{c,d}}e", "h:/be", false],
  ["h:/{a,}b", "h:/b", true],
  ["h:/*a*b", "h:/xaxaxb", true],
  ["h:/*a*b", "h:/xaxaxbx", false],
  ["h:/?.log", "h:/日.log", true],
  ["h:/?.log", "h:/😀.log", true],
  ["h:/[😀].log", "h:/😀.log", true],
  ["h:/[]x].log", "h:/].log", true],
  ["h:/[\\w].log", "h:/a.log", false],
  ["h:/[^a].log", "h:/a.log", false],
  ["h:/[a^].log", "h:/^.log", true],
  ["h:/a\\", "h:/a\\", false],
  ["h:/[z-a].log", "h:/z.log", false],
  ["h:/[", "h:/[", false],
  ["*.log", "odd\n:/x.log", true],
  ["", "h:/a", true],
])("%s over %s: %s", (glob, log, is) => {
  expect(globber(glob)(log)).toBe(is);
});

test("a glob that would take a pattern for ever takes no time, and braces have a bound", () => {
  const name = `h:/${"ab".repeat(500)}`;
  expect(globber(`${"*[a-z]".repeat(40)}!`)(name)).toBe(false);
  expect(globber(`${"*[a-z]".repeat(40)}b`)(name)).toBe(true);
  expect(globber("{a,b}".repeat(8))("h:abababab")).toBe(true);
  expect(globber("{a,b}".repeat(30))(`h:${"ab".repeat(15)}`)).toBe(false);
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
