// A way to the hub that can be made slow, or silent without an end: what a middlebox or a bad network does to a viewer.

import { createServer, connect, type Server, type Socket } from "node:net";
import { once } from "node:events";

export class Wire {
  #server: Server;
  #sockets = new Set<Socket>();
  /** Bytes per second towards the viewer; 0 lets nothing through. */
  rate = Infinity;

  private constructor(private readonly to: URL) {
    this.#server = createServer((viewer) => this.#join(viewer));
  }

  static async to(url: string): Promise<Wire> {
    const wire = new Wire(new URL(url));
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    return wire;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}${this.to.pathname}`;
  }

  /** Breaks all connections, as a network does that comes and goes; new ones pass. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  end(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(viewer: Socket): void {
    const hub = connect(Number(this.to.port), this.to.hostname);
    for (const [socket, other] of [[viewer, hub], [hub, viewer]] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    viewer.pipe(hub);
    hub.on("data", (bytes) => {
      hub.pause();
      this.#pass(bytes, hub, viewer);
    });
  }

  /** Takes as long as the bytes need; looks again meanwhile whether the rate is another one. */
  #pass(bytes: Buffer, hub: Socket, viewer: Socket): void {
    const now = Math.min(bytes.length, Math.ceil(this.rate / 20));
    if (now > 0) viewer.write(bytes.subarray(0, now));
    if (now === bytes.length) hub.resume();
    else setTimeout(() => this.#pass(bytes.subarray(now), hub, viewer), 50);
  }
}
