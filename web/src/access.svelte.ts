// Whether the hub wants a login first. The page below stays as it is meanwhile, and goes on from where it stood.

import { login, logout, whenLoginIsNeeded } from "./api";

/** The cookie cannot be seen from here; this only says whether a way to log out makes sense. */
const KEY = "tailcast.logged-in";

class Access {
  #needed = $state(false);
  #loggedIn = $state(localStorage.getItem(KEY) !== null);

  constructor() {
    whenLoginIsNeeded(() => this.need());
  }

  get needed(): boolean {
    return this.#needed;
  }

  get loggedIn(): boolean {
    return this.#loggedIn;
  }

  need(): void {
    this.#needed = true;
    this.#remember(false);
  }

  /** Throws what the hub says against it. */
  async enter(password: string): Promise<void> {
    await login(password);
    this.#needed = false;
    this.#remember(true);
  }

  /** Leaves, and forgets what was on the screen. */
  async leave(): Promise<void> {
    await logout();
    this.#remember(false);
    location.reload();
  }

  #remember(loggedIn: boolean): void {
    this.#loggedIn = loggedIn;
    if (loggedIn) localStorage.setItem(KEY, "1");
    else localStorage.removeItem(KEY);
  }
}

export const access = new Access();
