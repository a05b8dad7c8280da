// Whether the hub wants a login first. The page below stays as it is meanwhile, and goes on from where it stood.

import { logoutAll } from "./hubapi";
import { forget } from "./recent";
import { fetchMe, login, logout, whenLoginIsNeeded, type Me } from "./api";

class Access {
  #needed = $state(false);
  #again = $state(false);
  /** Null until the hub has answered; the cookie itself cannot be seen from here. */
  #me = $state.raw<Me | null>(null);

  constructor() {
    whenLoginIsNeeded(() => {
      if (this.#me?.admitted) this.#again = true;
      this.#needed = true;
      void this.#ask();
    });
    void this.#ask();
  }

  get needed(): boolean {
    return this.#needed;
  }

  /** One was in before: something is on the screen that goes on. */
  get again(): boolean {
    return this.#again;
  }

  get me(): Me | null {
    return this.#me;
  }

  /** Throws what the hub says against it. */
  async enter(password: string): Promise<void> {
    await login(password);
    this.#needed = false;
    await this.#ask();
  }

  /** Leaves, and forgets what was on the screen. */
  async leave(): Promise<void> {
    await logout();
    forget();
    location.reload();
  }

  /** Leaves everywhere: every session of this hub is over, also those of others. */
  async leaveAll(): Promise<void> {
    await logoutAll();
    location.reload();
  }

  async #ask(): Promise<void> {
    try {
      this.#me = await fetchMe();
    } catch {
      // What stands on the screen has questions of its own and tells that the hub does not answer.
      this.#me = null;
    }
  }
}

export const access = new Access();
