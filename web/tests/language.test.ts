import { expect, test } from "vitest";
import { preferred } from "../src/language";

test("the language that was chosen here goes before those of the browser", () => {
  expect(preferred("en", ["zh-CN"])).toBe("en");
  expect(preferred("zh", ["en-GB"])).toBe("zh");
});

test("else it is the browser's first that there is", () => {
  expect(preferred(null, ["fr-FR", "zh-Hant-TW", "en"])).toBe("zh");
  expect(preferred("klingon", ["de", "EN-us"])).toBe("en");
  expect(preferred(null, ["fr"])).toBe("en");
});
