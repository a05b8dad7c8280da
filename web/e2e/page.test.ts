import { networkInterfaces } from "node:os";
import { expect } from "@playwright/test";
import { endsWith, isLive, numbers, openLog, range, readAll, rowOf, showsExactly, test, wheel } from "./hub";

test("a log is found by typing, opened by a click, and shows its last lines and then what is written", async ({ page, hub }) => {
  hub.write("app.log", 0, 1000);
  hub.write("other.log", 0, 3);
  await hub.start();
  await page.goto(hub.url);
  await expect(page.getByRole("link", { name: /other\.log$/ })).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("app");
  await expect(page.getByRole("link", { name: /other\.log$/ })).toHaveCount(0);
  expect(new URL(page.url()).search).toBe("?q=app");
  await page.getByRole("link", { name: /app\.log$/ }).click();
  await isLive(page);
  await endsWith(page, 1000);
  hub.write("app.log", 1000, 1003);
  await endsWith(page, 1003);
  await expect(page.getByText("line 1002")).toBeInViewport();
  await page.goBack();
  await expect(page.getByPlaceholder(/Filter logs/)).toHaveValue("app");
});

test("scrolling up stops the view from moving, and leads to the very first line without a hole", async ({ page, hub }) => {
  hub.write("app.log", 0, 1500);
  await hub.start();
  await openLog(page, hub, "app.log");
  await wheel(page, -600);
  await expect(page.getByRole("button", { name: /^Follow/ })).toBeVisible();

  const row = rowOf(page, /^line 1460$/);
  const before = await row.boundingBox();
  hub.write("app.log", 1500, 1520);
  await expect(page.getByRole("button", { name: "Follow · 20 new lines" })).toBeVisible();
  expect((await row.boundingBox())?.y).toBe(before?.y);

  const read = await readAll(page, "up");
  expect(read).toEqual(range(0, read.length));
  expect(read.length).toBeGreaterThan(1450);
  await page.getByRole("button", { name: "Follow · 20 new lines" }).click();
  await expect(page.getByText("line 1519")).toBeInViewport();
  hub.write("app.log", 1520, 1521);
  await expect(page.getByText("line 1520")).toBeInViewport();
});

test("a log longer than the window is read up to its first line and down again to its live end", async ({ page, hub }) => {
  hub.write("app.log", 0, 3000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("Home");
  await expect(page.getByText("line 0", { exact: true })).toBeInViewport();
  expect(await readAll(page, "down")).toEqual(range(0, 3000));
  await isLive(page);
  hub.write("app.log", 3000, 3010);
  await expect(page.getByText("line 3009")).toBeInViewport();
  await wheel(page, -200);
  expect(await readAll(page, "up")).toEqual(range(0, 3010));
});

test("a disconnected view stands still, and connected again misses nothing", async ({ page, hub }) => {
  hub.write("app.log", 0, 10);
  await hub.start();
  await openLog(page, hub, "app.log");
  await showsExactly(page, 0, 10);
  await page.getByRole("button", { name: "Disconnect" }).click();
  await expect(page.getByTestId("standing")).toHaveText("disconnected");
  hub.write("app.log", 10, 15);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await isLive(page);
  hub.write("app.log", 15, 20);
  await showsExactly(page, 0, 20);
});

test("a filter shows what matches, live, and is in the address", async ({ page, hub }) => {
  // Lines without a level go with the one before them that has one.
  hub.append("app.log", "2026-01-01T00:00:00Z INFO all well\n");
  hub.write("app.log", 0, 500);
  hub.append("app.log", "2026-01-01T00:00:01Z ERROR disk full\n2026-01-01T00:00:02Z INFO all well\n");
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("/");
  await page.keyboard.type("LINE 4.$");
  await page.getByRole("button", { name: "Upper and lower case" }).click();
  await showsExactly(page, 40, 50);
  await page.getByLabel("Leave out").fill("[5-9]$");
  await showsExactly(page, 40, 45);
  expect(new URL(page.url()).searchParams.get("grep")).toBe("LINE 4.$");
  hub.append("app.log", "line 44\nline 45\n");
  await expect.poll(() => numbers(page)).toEqual([...range(40, 45), 44]);
  await page.reload();
  await expect.poll(() => numbers(page)).toEqual([...range(40, 45), 44]);
  await expect(page.getByLabel("Leave out")).toHaveValue("[5-9]$");
  await page.getByLabel("Leave out").fill("");
  await page.getByLabel("Show only").fill("");
  await page.getByLabel("Least level").selectOption("error");
  await expect(page.locator(".row .text")).toHaveText(["2026-01-01T00:00:01Z ERROR disk full"]);
  await expect(page.locator(".row .sign")).toHaveText("E");
});

test("where no line names a level, choosing one is said to leave nothing out", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await openLog(page, hub, "app.log");
  const note = page.getByText("None of the lines here names a level");
  await expect(note).toBeHidden();
  await page.getByLabel("Least level").selectOption("error");
  await expect(note).toBeVisible();
  hub.append("app.log", "2026-01-01T00:00:00Z ERROR at last\n");
  await expect(note).toBeHidden();
});

test("half a pattern takes nothing away of what is shown, and Enter says what is missing of it", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await openLog(page, hub, "app.log");
  const field = page.getByLabel("Show only");
  for (const half of ["(unclosed", "line [", "*line", "line\\"]) {
    await field.fill(half);
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await field.press("Enter");
    await expect(page.getByRole("alert")).toContainText(`“${half}” is not a complete pattern yet`);
    await showsExactly(page, 0, 3);
    await isLive(page);
  }
  await field.fill("line [12]");
  await showsExactly(page, 1, 3);
  await expect(page.getByRole("alert")).toBeHidden();
});

test("a pattern that is none is told in words, and is not tried again and again", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.getByLabel("Show only").fill("(?unclosed");
  await expect(page.getByTestId("standing")).toHaveText("refused");
  await expect(page.getByRole("alert")).toContainText("unclosed");
  await page.getByLabel("Show only").fill("line");
  await showsExactly(page, 0, 3);
});

test("where nothing matches, the reader decides how far up to look", async ({ page, hub }) => {
  hub.write("app.log", 0, 300);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&grep=nowhere`);
  await expect(page.getByText("No line matches yet.")).toBeVisible();
  await page.getByRole("button", { name: "Look further up" }).click();
  await expect(page.getByText("Nothing else was found above.")).toBeVisible();
  hub.append("app.log", "at last, nowhere\n");
  await expect(page.locator(".row .text")).toHaveText(["at last, nowhere"]);
});

test("a rotation is told where it happened, and the new file is followed", async ({ page, hub }) => {
  hub.write("app.log", 0, 5);
  await hub.start();
  await openLog(page, hub, "app.log");
  await showsExactly(page, 0, 5);
  hub.rotate("app.log");
  hub.write("app.log", 5, 8);
  await showsExactly(page, 0, 8);
  const kinds = await page.locator(".rows > *").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-mark") ?? "line"));
  expect(kinds.indexOf("rotated")).toBe(5);
});

test("a link to a line shows it in the middle with what is around it", async ({ page, hub }) => {
  hub.write("app.log", 0, 3000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("Home");
  await rowOf(page, /^line 25$/).getByRole("link").click();
  await expect(page.locator(".marked .text")).toHaveText("line 25");
  const link = page.url();
  expect(new URL(link).searchParams.get("at")).not.toBeNull();

  await page.goto("about:blank");
  await page.goto(link);
  await expect(page.locator(".marked .text")).toHaveText("line 25");
  const box = await page.getByTestId("rows").boundingBox();
  await expect(async () => {
    const row = await page.locator(".marked").boundingBox();
    const middle = (box?.y ?? 0) + (box?.height ?? 0) / 2;
    expect(Math.abs((row?.y ?? 0) - middle)).toBeLessThan(40);
  }).toPass();
  await expect(page.getByText("line 20", { exact: true })).toBeInViewport();
  await expect(page.getByText("line 30", { exact: true })).toBeInViewport();
  await page.keyboard.press("End");
  await expect(page.getByText("line 2999")).toBeInViewport();
});

test("after the hub was killed and came again, nothing is missing and nothing is there twice", async ({ page, hub }) => {
  hub.write("app.log", 0, 20);
  await hub.start();
  await openLog(page, hub, "app.log");
  await showsExactly(page, 0, 20);
  await hub.kill();
  await expect(page.getByTestId("standing")).not.toHaveText("live");
  hub.write("app.log", 20, 320);
  await hub.start();
  await isLive(page);
  hub.write("app.log", 320, 330);
  await endsWith(page, 330);
  await expect(page.getByText("line 329")).toBeInViewport();
  await wheel(page, -200);
  expect(await readAll(page, "up")).toEqual(expect.arrayContaining(range(0, 300)));
});

test("several logs are one view in the order of time", async ({ page, hub }) => {
  for (let i = 0; i < 20; i++) {
    const stamp = new Date(Date.UTC(2026, 0, 1, 0, 0, i)).toISOString();
    hub.append(i % 3 === 0 ? "a.log" : "b.log", `${stamp} event ${i}\n`);
  }
  await hub.start();
  await page.goto(hub.url);
  await page.getByRole("checkbox", { name: /a\.log/ }).check();
  await page.getByRole("checkbox", { name: /b\.log/ }).check();
  await page.getByRole("button", { name: "Open 2 logs together" }).click();
  await isLive(page);
  await expect(page.locator(".row .text")).toHaveText(range(0, 20).map((i) => new RegExp(`event ${i}$`)));
  await expect(page.locator(".row .tag").first()).toHaveText("a.log");
});

test("what a log says is text, never markup and never an instruction", async ({ page, hub }) => {
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
  hub.append("app.log", `${evil}\n\x1b[31mred\x1b[0m \x1b]0;owned\x07bell \x00 null\r\nbad utf-8 \xff\n`);
  hub.append("<b>name.log", "line 0\n");
  await hub.start();
  await page.goto(hub.url);
  await expect(page.getByText("<b>name.log")).toBeVisible();
  await openLog(page, hub, "app.log");
  await expect(page.locator(".row .text").first()).toHaveText(evil);
  await expect(page.locator(".row .text").nth(1)).toHaveText("red bell \\x00 null");
  await expect(page.locator(".rows img, .rows script, .rows b")).toHaveCount(0);
  expect(await page.title()).not.toContain("owned");
  expect(complaints).toEqual([]);
});

test("a phone shows the same without scrolling sideways", async ({ page, hub }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  hub.append("app.log", `${"word ".repeat(100)}\n${"x".repeat(5000)}\n`);
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(page.getByRole("button", { name: "… 1.00 kB more" })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await page.getByTestId("rows").evaluate((box) => box.scrollWidth <= box.clientWidth)).toBe(true);
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page.getByLabel("Show only")).toBeVisible();
});

test("below a path everything is the same", async ({ page, hub }) => {
  hub.below("/ops/logs/");
  hub.write("app.log", 0, 300);
  await hub.start();
  await openLog(page, hub, "app.log");
  expect(new URL(page.url()).pathname).toBe("/ops/logs/logs");
  await endsWith(page, 300);
  await wheel(page, -200);
  expect((await readAll(page, "up")).slice(0, 250)).toEqual(range(0, 250));
  await page.reload();
  await isLive(page);
  await page.getByRole("link", { name: "All logs" }).click();
  await expect(page.getByRole("link", { name: /app\.log$/ })).toBeVisible();
});

test("the keys do what they do in other pagers, and none does anything while one types", async ({ page, hub }) => {
  hub.write("app.log", 0, 180);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("k");
  await expect(page.getByRole("button", { name: /^Follow/ })).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.getByRole("button", { name: /^Follow/ })).toBeHidden();
  await page.keyboard.press("PageUp");
  await expect(page.getByText("line 179")).not.toBeInViewport();
  await page.keyboard.press("Home");
  await expect(page.getByText("line 0", { exact: true })).toBeInViewport();
  await page.keyboard.press("End");
  await expect(page.getByText("line 179")).toBeInViewport();
  await page.keyboard.press("/");
  await page.keyboard.type("line 1 jk");
  await expect(page.getByTestId("standing")).toHaveText("live");
  await expect(page.getByText("No line matches yet.")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press(" ");
  await expect(page.getByRole("button", { name: "Follow" })).toBeVisible();
  await page.keyboard.press(" ");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
});

test("a hub with a password asks for it, and lets one out again", async ({ page, hub }) => {
  const outside = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const address = outside.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  test.skip(address === undefined, "this machine has no address but loopback, where its own user needs no password");
  hub.wantPassword(address ?? "", "correct horse");
  hub.write("app.log", 0, 3);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toHaveText("That password is not right.");
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Log in" }).click();
  await isLive(page);
  await showsExactly(page, 0, 3);
  await page.getByRole("link", { name: "All logs" }).click();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByLabel("Password")).toBeVisible();
});
