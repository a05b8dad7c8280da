// Ports of servers that are told which one to take.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect } from "@playwright/test";

/** A port that was free a moment ago: for servers that cannot say which one they took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

/** Waits until somebody listens there. */
export async function answers(port: number): Promise<void> {
  const tried = (): Promise<boolean> =>
    new Promise((done) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => done(true)).once("error", () => done(false));
      socket.once("connect", () => socket.destroy());
    });
  await expect.poll(tried).toBe(true);
}
