// A real nginx in front of a hub of a test's own: on a free port, with a folder of its own, ended with the test. What a test says of it
// are the lines of its location block; all that is outside of that never changes.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@playwright/test";

const BIN = process.env["NGINX"] ?? "/usr/sbin/nginx";

/** What examples/nginx says, without TLS. */
export const RIGHT = `
proxy_http_version 1.1;
proxy_set_header Upgrade           $http_upgrade;
proxy_set_header Connection        $tailcast_connection;
proxy_set_header Host              $http_host;
proxy_set_header X-Forwarded-For   $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_buffering off;
proxy_read_timeout 75s;
proxy_send_timeout 75s;
`;

/** The lines without those that begin so. */
export function without(lines: string, ...beginnings: string[]): string {
  return lines
    .split("\n")
    .filter((line) => !beginnings.some((beginning) => line.trim().replace(/\s+/g, " ").startsWith(beginning)))
    .join("\n");
}

/** Does with lines what their reader is told to: each goes in the place of the one that sets the same. */
export function pasted(lines: string, more: string): string {
  const names = more.split("\n").flatMap((line) => {
    const [name = "", first = ""] = line.trim().split(/\s+/);
    return name === "" ? [] : [name === "proxy_set_header" ? `${name} ${first} ` : `${name} `];
  });
  return `${without(lines, ...names)}\n${more}\n`;
}

export class Nginx {
  readonly #dir = mkdtempSync(join(tmpdir(), "tailcast-nginx-"));
  #process: ChildProcess | null = null;
  #port = 0;
  #said = "";

  /** `name`: what its users call the machine that it runs on. */
  constructor(readonly name = "127.0.0.1") {}

  get url(): string {
    return `http://${this.name}:${this.#port}/`;
  }

  /** A free port, so that a hub can be told of it before this starts. */
  async findPort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    this.#port = typeof address === "object" && address ? address.port : 0;
    server.close();
    await once(server, "close");
    return this.#port;
  }

  /** Passes on to `hub` from now on, with these lines; also anew, when it runs already. */
  async pass(hub: string, lines: string): Promise<void> {
    await this.end({ keep: true });
    if (this.#port === 0) await this.findPort();
    const config = join(this.#dir, "nginx.conf");
    writeFileSync(config, this.#config(new URL(hub).host, lines));
    const child = spawn(BIN, ["-p", this.#dir, "-c", config, "-e", "stderr"], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (data: Buffer) => (this.#said = (this.#said + data.toString()).slice(-4000)));
    this.#process = child;
    await expect.poll(() => this.#answers(), { message: () => this.#said } as never).toBe(true);
  }

  async end({ keep } = { keep: false }): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child && child.exitCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    }
    if (!keep) rmSync(this.#dir, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    const { exitCode } = this.#process ?? {};
    if (typeof exitCode === "number") throw new Error(this.#said);
    return fetch(`http://127.0.0.1:${this.#port}/healthz`).then(
      () => true,
      () => false,
    );
  }

  #config(hub: string, lines: string): string {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `  ${kind}_temp_path ${this.#dir}/${kind};`);
    return `
daemon off;
master_process off;
pid ${this.#dir}/pid;
error_log stderr error;
events { worker_connections 256; }
http {
  access_log off;
${temporary.join("\n")}
  map $http_upgrade $tailcast_connection { default upgrade; "" ""; }
  upstream tailcast { server ${hub}; }
  server {
    listen 127.0.0.1:${this.#port};
    location / {
      proxy_pass http://tailcast;
${lines}
    }
  }
}
`;
  }
}
