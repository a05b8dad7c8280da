// A host's directory of logs, which a test writes.

import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Logs {
  /** `dir`: one of its own, if nothing else is said. */
  constructor(
    readonly host: string,
    readonly dir = mkdtempSync(join(tmpdir(), "tailcast-page-")),
  ) {}

  path(name: string): string {
    return join(this.dir, name);
  }

  /** `HOST:NAME` of a log. */
  log(name: string): string {
    return `${this.host}:${this.path(name)}`;
  }

  /** Writes lines `from` up to, not including, `to`. */
  write(name: string, from: number, to: number): void {
    appendFileSync(this.path(name), Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join(""));
  }

  append(name: string, text: string): void {
    appendFileSync(this.path(name), text);
  }

  bytes(name: string, bytes: Buffer): void {
    appendFileSync(this.path(name), bytes);
  }

  rotate(name: string): void {
    renameSync(this.path(name), this.path(`${name}.1`));
    writeFileSync(this.path(name), "");
  }

  truncate(name: string): void {
    truncateSync(this.path(name));
  }

  delete(name: string): void {
    rmSync(this.path(name));
  }

  /** Removes the directory, at the end of a test. */
  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
