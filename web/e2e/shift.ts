// An hour of somebody who watches a busy log, simulated: what is written, what they do meanwhile, and what must be on the screen
// after each of it. It goes on as soon as the screen shows what it must, so its pace is the page's, and no clock's.

import { expect, type Page } from "@playwright/test";
import type { Agent } from "./agent";
import { endsWith, isLive, looksAt, numbers, range, wheel, type Hub } from "./hub";

/** Lines that are written at once: less than is kept for a viewer, so that none is left out. */
const LOT = 5000;
/** Each so many lines there are an error with its stack trace and a line of JSON. */
const EACH = 250;
/** More rows than the page holds. */
const WINDOW = 25_000;
/** Of so many digits are all numbers of lines, so that the same number of lines has the same size in each hour. */
const FIRST = 10_000_000;

const TRACE = "2026-01-01T00:00:05Z ERROR java.lang.IllegalStateException: no stock\n\tat shop.Stock.take(Stock.java:41)\n\tat shop.Cart.buy(Cart.java:12)\n";
const FIELDS = '{"time":"2026-01-01T00:00:06Z","level":"warn","msg":"slow answer","ms":2841,"request":{"path":"/cart","user":7731}}\n';

export class Shift {
  #next = FIRST;

  constructor(
    private readonly page: Page,
    private readonly hub: Hub,
    private readonly agent: Agent,
  ) {}

  /** Lines that were written. */
  get written(): number {
    return this.#next - FIRST;
  }

  async begin(): Promise<void> {
    this.agent.append("other.log", "another log\n");
    this.#write(LOT);
    this.agent.start();
    await this.hub.has(this.agent);
    await this.page.goto(`${this.hub.url}logs?log=${this.agent.log("app.log")}`);
    await isLive(this.page);
    await endsWith(this.page, this.#next);
  }

  /** One hour of so many lines, and at its end a window full of lines of one file: then what is held is the same each hour. */
  async hour(lines: number, { hides, restarts }: { hides: boolean; restarts: boolean }): Promise<void> {
    await this.#follow(lines - WINDOW);
    if (restarts) await this.#restart();
    if (hides) await this.#hide();
    await this.#filter();
    await this.#find();
    await this.#readBack();
    await this.#unfold();
    await this.#lookElsewhere();
    await this.#rotate();
    await this.#follow(WINDOW);
    await endsWith(this.page, this.#next);
  }

  #write(count: number): void {
    const lines = range(this.#next, this.#next + count).map((n) => `${n % EACH === 0 ? TRACE + FIELDS : ""}line ${n}\n`);
    this.agent.append("app.log", lines.join(""));
    this.#next += count;
  }

  /** Each lot comes when the one before it is on the screen. */
  async #follow(count: number): Promise<void> {
    for (const end = this.#next + count; this.#next < end; ) {
      this.#write(Math.min(LOT, end - this.#next));
      await this.#shows(this.#next - 1);
    }
  }

  /** Looks with each frame: asking from outside would be seldom, and leave something behind in the page each time. */
  #shows(last: number): Promise<void> {
    return this.page.evaluate(
      (text) =>
        new Promise<void>((there) => {
          const look = (): void => {
            if ([...document.querySelectorAll(".row .text")].at(-1)?.textContent === text) there();
            else requestAnimationFrame(look);
          };
          look();
        }),
      `line ${last}`,
    );
  }

  async #restart(): Promise<void> {
    await this.hub.kill();
    await expect(this.page.getByTestId("standing")).not.toHaveText("live");
    this.#write(100);
    await this.hub.start();
    await expect(this.page.getByTestId("standing")).toHaveText("live", { timeout: 60_000 });
    await endsWith(this.page, this.#next);
  }

  /** Behind another tab for long enough to let go, and in front again. */
  async #hide(): Promise<void> {
    await looksAt(this.page, false);
    await expect(this.page.getByTestId("standing")).toHaveText("disconnected");
    this.#write(3000);
    await looksAt(this.page, true);
    await isLive(this.page);
    await endsWith(this.page, this.#next);
    await expect(this.page.locator('[data-mark="gap"], [data-mark="lost"]')).toHaveCount(0);
  }

  async #filter(): Promise<void> {
    const wanted = this.page.getByLabel("Show only");
    await this.page.keyboard.press("/");
    await this.page.keyboard.type("line .*7$");
    this.#write(1000);
    await expect.poll(() => numbers(this.page).then((all) => [all.at(-1), all.every((n) => n % 10 === 7)])).toEqual([this.#next - 3, true]);
    await wanted.fill("");
    await this.page.keyboard.press("Escape");
    await endsWith(this.page, this.#next);
  }

  async #find(): Promise<void> {
    await this.page.keyboard.press("f");
    await this.page.keyboard.type("slow answer");
    await this.page.keyboard.press("Enter");
    await expect(this.page.locator(".row").filter({ hasText: "slow answer" }).first()).toBeInViewport();
    await this.page.keyboard.press("Escape");
    await expect(this.page.getByRole("textbox", { name: "Find in this view" })).toBeHidden();
    await this.#toEnd();
  }

  async #readBack(): Promise<void> {
    await wheel(this.page, -5000);
    const waits = this.page.locator("footer .state.main");
    await expect(waits).toBeVisible();
    this.#write(500);
    await expect(waits).toContainText("50");
    await this.#toEnd();
  }

  /** Opens and closes what is folded under an error, the fields of a line, and the palette. */
  async #unfold(): Promise<void> {
    this.agent.append("app.log", TRACE + FIELDS);
    this.#write(20);
    await endsWith(this.page, this.#next);
    const [under, fields] = [this.page.locator(".row", { hasText: "no stock" }).last(), this.page.locator(".row", { hasText: "slow answer" }).last()];
    for (const open of ["true", "false"]) {
      await under.getByRole("button", { expanded: open === "false" }).click();
      await expect(under.getByRole("button", { expanded: open === "true" })).toBeVisible();
      await fields.getByTitle("All fields as a tree").click();
      await expect(this.page.getByRole("tree")).toHaveCount(open === "true" ? 1 : 0);
    }
    await this.page.keyboard.press("Control+k");
    await expect(this.page.getByRole("dialog").getByRole("combobox")).toBeFocused();
    await this.page.keyboard.type("wrap");
    await this.page.keyboard.press("Escape");
    await expect(this.page.getByRole("dialog")).toHaveCount(0);
    await this.#toEnd();
  }

  /** Another log in the same view, and back; then the list, which ends the view, and a new one. */
  async #lookElsewhere(): Promise<void> {
    await this.page.keyboard.press("Control+k");
    await this.page.keyboard.type("other.log");
    await expect(this.page.getByRole("dialog").getByRole("option", { selected: true })).toContainText("other.log");
    await this.page.keyboard.press("Enter");
    await expect(this.page.getByText("another log", { exact: true })).toBeVisible();
    await isLive(this.page);
    await this.page.goBack();
    await isLive(this.page);
    await endsWith(this.page, this.#next);
    await this.page.getByRole("navigation").getByRole("link", { name: "Logs" }).click();
    await this.page.getByRole("link", { name: /app\.log$/ }).click();
    await isLive(this.page);
    await endsWith(this.page, this.#next);
  }

  async #rotate(): Promise<void> {
    this.agent.rotate("app.log");
    this.#write(10);
    await endsWith(this.page, this.#next);
    await expect(this.page.locator('[data-mark="rotated"]')).toHaveCount(1);
  }

  async #toEnd(): Promise<void> {
    await this.page.keyboard.press("Shift+G");
    await endsWith(this.page, this.#next);
  }
}
