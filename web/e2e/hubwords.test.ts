// What the hub says against something, on a page in Chinese: it is said in Chinese.

import { expect } from "@playwright/test";
import { test } from "./hub";

test("in Chinese, a pattern that is wrong and a host that is not there are told of in Chinese", async ({ page, hub }) => {
  hub.write("app.log", 0, 10);
  await hub.start();
  await page.addInitScript(() => localStorage.setItem("tailcast.language", "zh"));
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&grep=${encodeURIComponent("错误(")}`);
  await expect(page.getByText("模式 错误( 的第 3 个字符有误：( 没有对应的 )。")).toBeVisible();
  await page.goto(`${hub.url}logs?log=web9:/var/log/app.log&at=0`);
  await expect(page.getByRole("alert")).toContainText("名为 web9 的 agent 尚未连接");
});
